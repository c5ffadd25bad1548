using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomNormal
{
    private static void RunOnIlgpu(GpuDevice device, Storage y, double mean, double std, ulong key, long offset) =>
        RandomIlgpu.Run(device, null, y, new Operation(mean, std), key, offset);

    internal readonly partial struct Operation : IRandomPair
    {
        public void Apply<T>(uint word0, uint word1, uint low0, uint low1, ref T y0, ref T y1) where T : unmanaged, ILane<T>
        {
            // As on the host: half a step keeps u from zero.
            T step = T.Of(TwoToMinus32);
            T u, quarterTurns;
            if (T.IsDouble)
            {
                u = (RandomIlgpu.Number<T>(word0, 0) + (RandomIlgpu.Number<T>(low0, 0) + T.Of(0.5)) * step) * step;
                quarterTurns = (RandomIlgpu.Number<T>(word1, 0) + RandomIlgpu.Number<T>(low1, 0) * step) * step * T.Of(4);
            }
            else
            {
                u = (RandomIlgpu.Number<T>(word0, 0) + T.Of(0.5)) * step;
                quarterTurns = (RandomIlgpu.Number<T>(word1, 9) + T.Of(0.5)) * T.Of(4.0 / (1 << 23));
            }

            BoxMuller.Pair(u, quarterTurns, out T first, out T second);
            y0 = T.MulAdd(first, T.Of(std), T.Of(mean));
            y1 = T.MulAdd(second, T.Of(std), T.Of(mean));
        }
    }
}
