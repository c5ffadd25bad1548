using Engine.Kernels.Lanes;
using ILGPU;

namespace Engine.Kernels.Ladder;

/// <summary>The storages of a product, as the launchers take them.</summary>
internal readonly record struct Conv2dArguments(Storage A, Storage B, Storage? Bias, Storage C, bool Accumulate)
{
    internal Conv2dViews<TLane> Views<TLane>() where TLane : unmanaged, ILane<TLane> => new(
        IlgpuStorage.ViewOf<TLane>(A), IlgpuStorage.ViewOf<TLane>(B), IlgpuStorage.ViewOf<TLane>(Bias ?? C), IlgpuStorage.ViewOf<TLane>(C),
        Bias is null ? 0 : 1, Accumulate ? 1 : 0);
}

/// <summary>The same as the kernels take them. Flags are ints, because kernels take no bool.</summary>
internal readonly struct Conv2dViews<TLane>(
    ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> bias, ArrayView<TLane> c, int hasBias, int accumulate) where TLane : unmanaged, ILane<TLane>
{
    internal readonly ArrayView<TLane> A = a, B = b, Bias = bias, C = c;
    internal readonly int HasBias = hasBias, Accumulate = accumulate;

    /// <summary>Writes a sum: what was there, bias and activation are applied on the way.</summary>
    internal void Write<TActivation>(int at, int atBias, TLane sum, TActivation activation) where TActivation : unmanaged, IUnaryOp
    {
        if (Accumulate != 0) sum += C[at];
        if (HasBias != 0) sum += Bias[atBias];
        C[at] = activation.Apply(sum);
    }
}
