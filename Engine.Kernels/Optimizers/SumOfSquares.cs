using Engine.Kernels.Movement;
using Engine.Kernels.Optimizers.Gpu;
using Engine.Kernels.Optimizers.Host;

namespace Engine.Kernels.Optimizers;

/// <summary>The sum of the squares of arrays, in float64 whatever they hold: what a norm is taken from.</summary>
public static class SumOfSquares
{
    /// <summary>
    /// Sums the squares of all elements of all arrays. The order of the terms is fixed, so the result is the same with any number of
    /// threads.
    /// </summary>
    /// <param name="arrays">float32 or float64, on any devices.</param>
    /// <exception cref="ArgumentException">An array holds int32.</exception>
    public static double Run(ReadOnlySpan<Storage> arrays)
    {
        foreach (Storage array in arrays)
        {
            array.ThrowIfReleased();
            if (array.DType == DType.Int32) throw new ArgumentException(
                $"{nameof(SumOfSquares)}: takes Float32 or Float64, found {array.DType}.");
        }

        double sum = 0;
        for (int start = 0, end; start < arrays.Length; start = end)
        {
            // Arrays are usually on one device and of one type; where they are not, each run of equal ones is a launch.
            for (end = start + 1; end < arrays.Length && ReferenceEquals(arrays[end].Device, arrays[start].Device)
                && arrays[end].DType == arrays[start].DType;) end++;
            ReadOnlySpan<Storage> like = arrays[start..end];
            if (arrays[start].Device is CpuDevice cpu)
            {
                foreach (Storage array in like) sum += HostSumOfSquares.Run(cpu, array);
            }
            else if (!arrays[start].Device.IsMeasuring)
            {
                sum += RunOnGpu((GpuDevice)arrays[start].Device, like);
            }
        }

        return sum;
    }

    /// <summary>Sums the squares of all elements of all arrays on their device, without the host waiting for the sum.</summary>
    /// <param name="arrays">float32 or float64, on one device that is not the host.</param>
    /// <param name="sum">The sum: one float64.</param>
    internal static void Run(ReadOnlySpan<Storage> arrays, Storage sum)
    {
        if (Arguments.OneDevice(nameof(SumOfSquares), [.. arrays, sum]) is not GpuDevice device) return;
        using Scratch runs = new(device, DType.Float64, Math.Max(arrays.Length, 1));
        Move.Fill(runs, 0);
        for (int start = 0, end, run = 0; start < arrays.Length; start = end, run++)
        {
            for (end = start + 1; end < arrays.Length && arrays[end].DType == arrays[start].DType;) end++;
            GpuSumOfSquares.Run(device, arrays[start..end], sum);
            Move.WriteSlice(sum, new Shape(1), runs, new Shape(runs.Storage.Length), [run]);
        }

        Reduce.Sum(runs, [runs.Storage.Length], [0], sum);
    }

    private static double RunOnGpu(GpuDevice device, ReadOnlySpan<Storage> arrays)
    {
        using Scratch sum = new(device, DType.Float64, 1);
        GpuSumOfSquares.Run(device, arrays, sum);
        double result = 0;
        sum.Storage.CopyTo(new Span<double>(ref result));
        return result;
    }
}

/// <summary>
/// The factor that brings the norm of gradients down to at most <c>most</c>: 1 where it is already, and where it is not finite.
/// </summary>
/// <param name="most">The largest norm.</param>
internal readonly struct ClipFactor(double most) : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        // most / sqrt(sum of squares), which is 0 for an infinite sum and NaN for one that is NaN: neither is between 0 and 1
        T factor = T.Of(most) / T.Sqrt(x);
        return T.SelectLess(T.Of(0), factor, T.SelectLess(factor, T.Of(1), factor, T.Of(1)), T.Of(1));
    }
}
