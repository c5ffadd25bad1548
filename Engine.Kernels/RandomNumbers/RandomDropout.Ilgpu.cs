using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomDropout
{
    private static void RunOnIlgpu(GpuDevice device, Storage x, Storage y, float p, ulong key, long offset) =>
        RandomIlgpu.Run(device, x, y, new Operation(p), key, offset);

    internal readonly partial struct Operation : IRandomPair
    {
        public void Apply<T>(uint word0, uint word1, uint low0, uint low1, ref T y0, ref T y1) where T : unmanaged, ILane<T>
        {
            T threshold = T.Of(p) * T.Of(1 << 24);
            T scale = T.Of(_scale);
            y0 = T.SelectLess(RandomIlgpu.Number<T>(word0, 8), threshold, T.Of(0), y0 * scale);
            y1 = T.SelectLess(RandomIlgpu.Number<T>(word1, 8), threshold, T.Of(0), y1 * scale);
        }
    }
}
