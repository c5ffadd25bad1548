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

    /// <summary>Composed of other kernels: a norm is taken once a step.</summary>
    private static double RunOnIlgpu(Storage array)
    {
        Storage squares = array.Device.Allocate(DType.Float64, array.Length), sum = array.Device.Allocate(DType.Float64, 1);
        try
        {
            if (array.DType == DType.Float64) Move.Copy(array, squares);
            else Move.Convert(array, squares);
            Map.Unary(squares, squares, new Square());
            Reduce.Sum(squares, [array.Length], [0], sum);
            double[] result = new double[1];
            sum.CopyTo<double>(result);
            return result[0];
        }
        finally
        {
            squares.Release();
            sum.Release();
        }
    }
}
