using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomNormal
{
    private static void RunOnHost(CpuDevice device, Storage y, double mean, double std, ulong key, long offset) =>
        RandomHost.Run(device, null, y, new Operation(mean, std), key, offset);

    internal readonly unsafe partial struct Operation(double mean, double std) : IRandomOperation
    {
        private const double TwoToMinus32 = 1.0 / (1L << 32);

        public static bool TakesLowWords => true;

        public void Run<TLane, T>(uint* words, uint* lowWords, T* x, T* y)
            where TLane : unmanaged, IVectorLane<TLane, T>
            where T : unmanaged
        {
            // The pairs are words 0 and 1, and 2 and 3, of one block: sixteen apart.
            for (int pairs = 0; pairs < Philox.Group; pairs += 2 * Philox.BlocksInGroup)
            {
                for (int i = pairs; i < pairs + Philox.BlocksInGroup; i += TLane.Count)
                {
                    int j = i + Philox.BlocksInGroup;
                    TLane u, quarterTurns;
                    if (TLane.IsDouble)
                    {
                        // Half a step is added, so that u is not zero.
                        TLane step = TLane.Of(TwoToMinus32);
                        u = (TLane.LoadWords(words + i, 0) + (TLane.LoadWords(lowWords + i, 0) + TLane.Of(0.5)) * step) * step;
                        quarterTurns = (TLane.LoadWords(words + j, 0) + TLane.LoadWords(lowWords + j, 0) * step) * step * TLane.Of(4);
                    }
                    else
                    {
                        // 23 bits and a half of the angle are exact in float32, and no number is exactly zero.
                        u = (TLane.LoadWords(words + i, 0) + TLane.Of(0.5)) * TLane.Of(TwoToMinus32);
                        quarterTurns = (TLane.LoadWords(words + j, 9) + TLane.Of(0.5)) * TLane.Of(4.0 / (1 << 23));
                    }

                    BoxMuller.Pair(u, quarterTurns, out TLane first, out TLane second);
                    TLane.Store(TLane.MulAdd(first, TLane.Of(std), TLane.Of(mean)), y + i);
                    TLane.Store(TLane.MulAdd(second, TLane.Of(std), TLane.Of(mean)), y + j);
                }
            }
        }
    }
}
