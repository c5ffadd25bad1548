using Engine.Kernels.Gemm;

namespace Engine.Kernels.Norms;

/// <summary>
/// An activation that a normalisation applies to its result z before writing it; its gradient needs no more than z, which is computed
/// again.
/// </summary>
internal interface IFoldedActivation
{
    /// <summary>The activation of z.</summary>
    V Apply<V>(V z) where V : unmanaged, ILane<V>;

    /// <summary>The gradient with respect to z, from that with respect to the activation.</summary>
    V Gradient<V>(V g, V z) where V : unmanaged, ILane<V>;
}

/// <summary>z</summary>
internal readonly struct FoldedNothing : IFoldedActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<V>(V z) where V : unmanaged, ILane<V> => z;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Gradient<V>(V g, V z) where V : unmanaged, ILane<V> => g;
}

/// <summary>max(z, 0)</summary>
internal readonly struct FoldedRelu : IFoldedActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<V>(V z) where V : unmanaged, ILane<V> => V.Max(z, V.Of(0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Gradient<V>(V g, V z) where V : unmanaged, ILane<V> => default(Elementwise.ReluGradient).Apply(g, z);
}

/// <summary>z where z > 0, slope z elsewhere.</summary>
internal readonly struct FoldedLeakyRelu(double slope) : IFoldedActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<V>(V z) where V : unmanaged, ILane<V> => V.SelectLess(z, V.Of(0), z * V.Of(slope), z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Gradient<V>(V g, V z) where V : unmanaged, ILane<V> => new Elementwise.LeakyReluGradient(slope).Apply(g, z);
}

/// <summary>z sigmoid(z)</summary>
internal readonly struct FoldedSilu : IFoldedActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<V>(V z) where V : unmanaged, ILane<V> => default(Elementwise.Silu).Apply(z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Gradient<V>(V g, V z) where V : unmanaged, ILane<V> => default(Elementwise.SiluGradient).Apply(g, z);
}

/// <summary>Work that is written once for all activations that a batch normalisation can apply in the same pass.</summary>
internal interface IFoldedActivationWork
{
    /// <summary>Does the work with an activation.</summary>
    void Run<TActivation>(TActivation activation) where TActivation : unmanaged, IFoldedActivation;
}

/// <summary>Chooses the type of an activation, so that the kernels need no branch on it.</summary>
internal static class FoldedActivations
{
    /// <summary>Does work with an activation.</summary>
    /// <param name="activation">None, ReLU or leaky ReLU.</param>
    /// <param name="work">What to do.</param>
    internal static void Visit<TWork>(Activation activation, TWork work) where TWork : struct, IFoldedActivationWork
    {
        switch (activation.Kind)
        {
            case ActivationKind.Relu: work.Run(default(FoldedRelu)); break;
            case ActivationKind.LeakyRelu: work.Run(new FoldedLeakyRelu(activation.Slope)); break;
            default: work.Run(default(FoldedNothing)); break;
        }
    }
}
