using Engine.Kernels.Elementwise;

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
        foreach (Storage array in arrays)
        {
            if (array.Length == 0) continue;
            sum += array.Device is CpuDevice cpu ? RunOnHost(cpu, array) : RunOnIlgpu(array);
        }

        return sum;
    }

    /// <summary>Sums the squares of all elements of all arrays where they are, without a look from the host.</summary>
    /// <param name="arrays">float32 or float64, on one device that is not the host.</param>
    /// <param name="sum">The sum: one float64.</param>
    internal static void Run(ReadOnlySpan<Storage> arrays, Storage sum)
    {
        Device device = Arguments.OneDevice(nameof(SumOfSquares), [.. arrays, sum]);
        Storage parts = device.Allocate(DType.Float64, arrays.Length);
        try
        {
            Move.Fill(parts, 0);
            for (int i = 0; i < arrays.Length; i++)
            {
                if (arrays[i].Length == 0) continue;
                OnIlgpu(arrays[i], sum);
                Move.WriteSlice(sum, new Shape(1), parts, new Shape(arrays.Length), [i]);
            }

            Reduce.Sum(parts, [arrays.Length], [0], sum);
        }
        finally
        {
            parts.Release();
        }
    }

    private static double RunOnIlgpu(Storage array)
    {
        Storage sum = array.Device.Allocate(DType.Float64, 1);
        try
        {
            OnIlgpu(array, sum);
            double[] result = new double[1];
            sum.CopyTo<double>(result);
            return result[0];
        }
        finally
        {
            sum.Release();
        }
    }

    /// <summary>Composed of other kernels: a norm is taken once a step.</summary>
    private static void OnIlgpu(Storage array, Storage sum)
    {
        Storage squares = array.Device.Allocate(DType.Float64, array.Length);
        try
        {
            if (array.DType == DType.Float64) Move.Copy(array, squares);
            else Move.Convert(array, squares);
            Map.Unary(squares, squares, new Square());
            Reduce.Sum(squares, [array.Length], [0], sum);
        }
        finally
        {
            squares.Release();
        }
    }
}
