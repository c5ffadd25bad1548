using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

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
    public V Gradient<V>(V g, V z) where V : unmanaged, ILane<V> => V.SelectLess(V.Of(0), z, g, V.Of(0));
}

/// <summary>z where z > 0, slope z elsewhere.</summary>
internal readonly struct FoldedLeakyRelu(double slope) : IFoldedActivation
{
    private readonly double _slope = slope;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<V>(V z) where V : unmanaged, ILane<V> => V.SelectLess(z, V.Of(0), z * V.Of(_slope), z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Gradient<V>(V g, V z) where V : unmanaged, ILane<V> => V.SelectLess(V.Of(0), z, g, g * V.Of(_slope));
}

/// <summary>z sigmoid(z)</summary>
internal readonly struct FoldedSilu : IFoldedActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<V>(V z) where V : unmanaged, ILane<V> => default(Elementwise.Silu).Apply(z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Gradient<V>(V g, V z) where V : unmanaged, ILane<V> => default(Elementwise.SiluGradient).Apply(g, z);
}
