namespace Engine.Kernels;

/// <summary>The sum of the squares of arrays, in float64 whatever they hold: what a norm is taken from.</summary>
public static partial class SumOfSquares
{
    /// <summary>Sums the squares of all elements of all arrays. The order of the terms is fixed, so the result is the same with any number of threads.</summary>
    /// <param name="arrays">float32 or float64, on any devices.</param>
    /// <exception cref="ArgumentException">An array holds whole numbers.</exception>
    public static double Run(ReadOnlySpan<Storage> arrays)
    {
        foreach (Storage array in arrays)
        {
            array.ThrowIfReleased();
            if (array.DType == DType.Int32) throw new ArgumentException($"{nameof(SumOfSquares)}: takes Float32 or Float64, found {array.DType}.");
        }

        double sum = 0;
        for (int start = 0, end; start < arrays.Length; start = end)
        {
            // As a rule all are on one device and of one type; where they are not, every run of like ones is a launch.
            for (end = start + 1; end < arrays.Length && ReferenceEquals(arrays[end].Device, arrays[start].Device) && arrays[end].DType == arrays[start].DType;) end++;
            ReadOnlySpan<Storage> like = arrays[start..end];
            if (arrays[start].Device is CpuDevice cpu)
            {
                foreach (Storage array in like) sum += RunOnHost(cpu, array);
            }
            else
            {
                sum += RunOnIlgpu((IlgpuDevice)arrays[start].Device, like);
            }
        }

        return sum;
    }
}
