using Engine.Kernels.Devices;
using Engine.Kernels.Movement;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Optimizers;

/// <summary>The sum of the squares of arrays, in float64 whatever they hold: what a norm is taken from.</summary>
public static partial class SumOfSquares
{
    /// <summary>
    /// Sums the squares of all elements of all arrays. The order of the terms is fixed, so the result is the same with any number of
    /// threads.
    /// </summary>
    /// <param name="arrays">float32 or float64, on any devices.</param>
    /// <exception cref="ArgumentException">An array holds whole numbers.</exception>
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
            // As a rule all are on one device and of one type; where they are not, every run of like ones is a launch.
            for (end = start + 1; end < arrays.Length && ReferenceEquals(arrays[end].Device, arrays[start].Device)
                && arrays[end].DType == arrays[start].DType;) end++;
            ReadOnlySpan<Storage> like = arrays[start..end];
            if (arrays[start].Device is CpuDevice cpu)
            {
                foreach (Storage array in like) sum += RunOnHost(cpu, array);
            }
            else
            {
                sum += RunOnIlgpu((GpuDevice)arrays[start].Device, like);
            }
        }

        return sum;
    }

    /// <summary>Sums the squares of all elements of all arrays where they are, without a look from the host.</summary>
    /// <param name="arrays">float32 or float64, on one device that is not the host.</param>
    /// <param name="sum">The sum: one float64.</param>
    internal static void Run(ReadOnlySpan<Storage> arrays, Storage sum)
    {
        GpuDevice device = (GpuDevice)Arguments.OneDevice(nameof(SumOfSquares), [.. arrays, sum]);
        Storage runs = device.Allocate(DType.Float64, Math.Max(arrays.Length, 1));
        try
        {
            Move.Fill(runs, 0);
            for (int start = 0, end, run = 0; start < arrays.Length; start = end, run++)
            {
                for (end = start + 1; end < arrays.Length && arrays[end].DType == arrays[start].DType;) end++;
                OnIlgpu(device, arrays[start..end], sum);
                Move.WriteSlice(sum, new Shape(1), runs, new Shape(runs.Length), [run]);
            }

            Reduce.Sum(runs, [runs.Length], [0], sum);
        }
        finally
        {
            runs.Release();
        }
    }

    private static double RunOnIlgpu(GpuDevice device, ReadOnlySpan<Storage> arrays)
    {
        Storage sum = device.Allocate(DType.Float64, 1);
        try
        {
            OnIlgpu(device, arrays, sum);
            double result = 0;
            sum.CopyTo(new Span<double>(ref result));
            return result;
        }
        finally
        {
            sum.Release();
        }
    }
}
