using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomDropout
{
    private static void RunOnHost(CpuDevice device, Storage x, Storage y, float p, ulong key, long offset) =>
        RandomHost.Run(device, x, y, new Operation(p), key, offset);

    internal readonly unsafe partial struct Operation(float p) : IRandomOperation
    {
        private readonly double _scale = 1 / (1.0 - p);

        public static bool TakesLowWords => false;

        public void Run<TLane, T>(uint* words, uint* lowWords, T* x, T* y)
            where TLane : unmanaged, IVectorLane<TLane, T>
            where T : unmanaged
        {
            TLane threshold = TLane.Of(p * (double)(1 << 24));
            TLane scale = TLane.Of(_scale);
            for (int i = 0; i < Philox.Group; i += TLane.Count)
                TLane.Store(TLane.SelectLess(TLane.LoadWords(words + i, 8), threshold, TLane.Of(0), TLane.Load(x + i) * scale), y + i);
        }
    }
}
