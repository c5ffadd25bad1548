using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomBernoulli
{
    private static void RunOnHost(CpuDevice device, Storage y, float p, ulong key, long offset) =>
        RandomHost.Run(device, null, y, new Operation(p), key, offset);

    internal readonly unsafe partial struct Operation(float p) : IRandomOperation
    {
        public static bool TakesLowWords => false;

        public void Run<TLane, T>(uint* words, uint* lowWords, T* x, T* y)
            where TLane : unmanaged, IVectorLane<TLane, T>
            where T : unmanaged
        {
            // u < p is u 2^24 < p 2^24, and both products are exact.
            TLane threshold = TLane.Of(p * (double)(1 << 24));
            for (int i = 0; i < Philox.Group; i += TLane.Count)
                TLane.Store(TLane.SelectLess(TLane.LoadWords(words + i, 8), threshold, TLane.Of(1), TLane.Of(0)), y + i);
        }
    }
}
