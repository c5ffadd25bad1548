using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomUniform
{
    private static void RunOnHost(CpuDevice device, Storage y, double low, double high, ulong key, long offset) =>
        RandomHost.Run(device, null, y, OperationFor(y.DType, low, high), key, offset);

    private static Operation OperationFor(DType dtype, double low, double high)
    {
        double last = dtype == DType.Float64 ? Math.BitDecrement(high) : MathF.BitDecrement((float)high);
        double width = dtype == DType.Float64 ? high - low : (float)high - (float)low;
        return new(low, width, last);
    }

    internal readonly unsafe partial struct Operation(double low, double width, double last) : IRandomOperation
    {
        public static bool TakesLowWords => true;

        public void Run<TLane, T>(uint* words, uint* lowWords, T* x, T* y)
            where TLane : unmanaged, IVectorLane<TLane, T>
            where T : unmanaged
        {
            for (int i = 0; i < Philox.Group; i += TLane.Count)
            {
                // The upper 24 bits of a word, or all of it and 21 bits of the low word: exact in either type.
                TLane u = TLane.IsDouble
                    ? TLane.LoadWords(words + i, 0) * TLane.Of(1.0 / (1L << 32))
                        + TLane.LoadWords(lowWords + i, 11) * TLane.Of(1.0 / (1L << 53))
                    : TLane.LoadWords(words + i, 8) * TLane.Of(1.0 / (1 << 24));

                // Not fused, so that every machine rounds alike; the sum can round up to high, which does not belong to the range.
                TLane.Store(TLane.Min(TLane.Of(last), TLane.Of(low) + u * TLane.Of(width)), y + i);
            }
        }
    }
}
