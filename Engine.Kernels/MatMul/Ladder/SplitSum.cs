using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Ladder;

/// <summary>
/// The second half of a product whose sum over K was split. A product with few elements and a long sum, the gradient of a weight or a batch of 64, has too few tiles to keep a card busy: a card of 132
/// multiprocessors that is given 8 tiles leaves 124 idle. So groups compute parts of the sums beside each other, each part a matrix of its own, and this kernel adds them up, a thread for each element, always in the same
/// order: the result does not depend on which group was done first, as it would if they added to C as they finish.
/// </summary>
internal static class SplitSum
{
    internal static void Run<TLane, TActivation>(IlgpuDevice device, in MatMulLayout layout, Storage parts, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        Action<Index1D, MatMulLayout, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TActivation> kernel = Kernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            c.Length, layout, IlgpuStorage.ViewOf<TLane>(parts), IlgpuStorage.ViewOf<TLane>(bias ?? c), IlgpuStorage.ViewOf<TLane>(c), activation);
    }

    private static void Kernel<TLane, TActivation>(
        Index1D i, MatMulLayout layout, ArrayView<TLane> parts, ArrayView<TLane> bias, ArrayView<TLane> c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        int matrix = layout.M * layout.N;
        int at = (i / matrix * layout.Parts * matrix) + (i % matrix);
        TLane sum = parts[at];
        for (int part = 1; part < layout.Parts; part++) sum += parts[at + (part * matrix)];

        if (layout.Accumulate != 0) sum += c[i];
        if (layout.HasBias != 0) sum += bias[i % layout.N];
        c[i] = activation.Apply(sum);
    }
}
