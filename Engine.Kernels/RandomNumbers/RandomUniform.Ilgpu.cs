using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomUniform
{
    private static void RunOnIlgpu(GpuDevice device, Storage y, double low, double high, ulong key, long offset) =>
        RandomIlgpu.Run(device, null, y, OperationFor(y.DType, low, high), key, offset);

    internal readonly partial struct Operation : IRandomPair
    {
        public void Apply<T>(uint word0, uint word1, uint low0, uint low1, ref T y0, ref T y1) where T : unmanaged, ILane<T>
        {
            y0 = One<T>(word0, low0);
            y1 = One<T>(word1, low1);
        }

        // A compiler for GPUs may fuse the last multiplication and addition: then the last bit differs where the product is not exact.
        private T One<T>(uint word, uint lowWord) where T : unmanaged, ILane<T>
        {
            T u = T.IsDouble
                ? RandomIlgpu.Number<T>(word, 0) * T.Of(1.0 / (1L << 32)) + RandomIlgpu.Number<T>(lowWord, 11) * T.Of(1.0 / (1L << 53))
                : RandomIlgpu.Number<T>(word, 8) * T.Of(1.0 / (1 << 24));
            return T.Min(T.Of(last), T.Of(low) + u * T.Of(width));
        }
    }
}
