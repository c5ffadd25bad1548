using System.Numerics;
using System.Runtime.InteropServices;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Nn;

public static partial class Initializers
{
    /// <summary>
    /// Normally distributed values, redrawn where they are further than a number of deviations from the mean. The deviation is that
    /// of the distribution before truncation.
    /// </summary>
    /// <param name="deviation">The standard deviation, not negative.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="bound">The largest distance from the mean, in deviations; above 0. Below half a deviation most draws of the normal
    /// distribution would be in vain: there it draws uniformly within the bound and keeps x with probability exp(-x² / 2), which has the
    /// same distribution.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static Initializer TruncatedNormal(double deviation, double mean = 0, double bound = 2)
    {
        if (!(deviation >= 0) || !double.IsFinite(deviation))
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "A deviation must be finite and not negative.");
        if (!double.IsFinite(mean)) throw new ArgumentOutOfRangeException(nameof(mean), mean, "A mean must be finite.");
        if (!(bound > 0)) throw new ArgumentOutOfRangeException(nameof(bound), bound, "The bound must be above 0.");
        return (storage, _, random) =>
        {
            Func<int, double[]> draw = bound < 0.5 ? Narrow : count => StandardNormal(storage.Device, random, count);
            double[] values = draw(storage.Length);
            while (true)
            {
                int[] outside = [.. Enumerable.Range(0, values.Length).Where(i => !(Math.Abs(values[i]) <= bound))];
                if (outside.Length == 0) break;
                double[] redrawn = draw(outside.Length);
                for (int i = 0; i < outside.Length; i++) values[outside[i]] = redrawn[i];
            }

            Fill(storage, values, x => mean + (deviation * x));

            // NaN for what is not kept.
            double[] Narrow(int count)
            {
                float[] places = random.Uniform(count), chances = random.Uniform(count);
                return [.. places.Zip(chances, (place, chance) =>
                {
                    double x = bound * ((2 * place) - 1);
                    return chance < Math.Exp(-x * x / 2) ? x : double.NaN;
                })];
            }
        };
    }

    /// <summary>
    /// A weight whose columns, or rows where there are fewer of them, are orthogonal and of length <paramref name="gain"/> (Saxe et al.
    /// 2013, arXiv:1312.6120): uniform among such matrices. The kernel of a convolution counts to its inputs. Computed in float64.
    /// </summary>
    /// <param name="gain">The length, sqrt(2) for ReLU.</param>
    /// <exception cref="ArgumentOutOfRangeException">The gain is not finite.</exception>
    public static Initializer Orthogonal(double gain = 1)
    {
        if (!double.IsFinite(gain)) throw new ArgumentOutOfRangeException(nameof(gain), gain, "A gain must be finite.");
        return (storage, shape, random) =>
        {
            if (shape.Rank < 2) throw new ArgumentException($"Orthogonal: expected a weight [..., inputs, outputs], found shape {shape}.");
            int columns = shape[-1], rows = columns == 0 ? 0 : shape.Count / columns;
            (int count, int length) = (Math.Min(rows, columns), Math.Max(rows, columns));
            double[] vectors = StandardNormal(storage.Device, random, storage.Length);
            for (int i = 0; i < count; i++) Orthonormalize(vectors, i, length);

            // Vectors lie one after another: that is the matrix where they are its rows, and its transpose where they are its columns.
            double[] matrix = vectors;
            if (rows > columns)
            {
                matrix = new double[vectors.Length];
                for (int i = 0; i < count; i++)
                    for (int k = 0; k < length; k++) matrix[(k * columns) + i] = vectors[(i * length) + k];
            }

            Fill(storage, matrix, x => gain * x);
        };
    }

    /// <summary>
    /// Takes off vector <paramref name="index"/> what lies along those before it, and scales it to 1: Gram and Schmidt's QR decomposition,
    /// whose R has a positive diagonal, so that Q is uniform. Twice is enough for orthogonality to the last digits (Giraud et al. 2005).
    /// </summary>
    private static void Orthonormalize(double[] vectors, int index, int length)
    {
        Span<double> vector = vectors.AsSpan(index * length, length);
        for (int pass = 0; pass < 2; pass++)
        {
            for (int i = 0; i < index; i++)
            {
                ReadOnlySpan<double> other = vectors.AsSpan(i * length, length);
                AddScaled(vector, -Dot(vector, other), other);
            }
        }

        double norm = Math.Sqrt(Dot(vector, vector));
        for (int k = 0; k < length; k++) vector[k] /= norm;
    }

    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        ReadOnlySpan<Vector<double>> a = MemoryMarshal.Cast<double, Vector<double>>(x), b = MemoryMarshal.Cast<double, Vector<double>>(y);
        Vector<double> sums = default;
        for (int i = 0; i < a.Length; i++) sums += a[i] * b[i];
        double sum = Vector.Sum(sums);
        for (int i = a.Length * Vector<double>.Count; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }

    private static void AddScaled(Span<double> x, double scale, ReadOnlySpan<double> y)
    {
        Span<Vector<double>> a = MemoryMarshal.Cast<double, Vector<double>>(x);
        ReadOnlySpan<Vector<double>> b = MemoryMarshal.Cast<double, Vector<double>>(y);
        for (int i = 0; i < a.Length; i++) a[i] += scale * b[i];
        for (int i = a.Length * Vector<double>.Count; i < x.Length; i++) x[i] += scale * y[i];
    }

    private static double[] StandardNormal(Device device, RandomStream random, int count)
    {
        double[] values = new double[count];
        Storage storage = device.Allocate(DType.Float64, count);
        try
        {
            Normal(storage, random, 0, 1);
            storage.CopyTo<double>(values);
            return values;
        }
        finally
        {
            storage.Release();
        }
    }

    private static void Fill(Storage storage, double[] values, Func<double, double> function)
    {
        if (storage.DType == DType.Float64) storage.CopyFrom<double>(Array.ConvertAll(values, x => function(x)));
        else storage.CopyFrom<float>(Array.ConvertAll(values, x => (float)function(x)));
    }
}
