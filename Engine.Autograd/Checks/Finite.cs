using System.Numerics;
using System.Runtime.InteropServices;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Norms;

namespace Engine.Autograd.Checks;

/// <summary>Looks for NaN and infinity.</summary>
internal static class Finite
{
    internal static bool All(Storage storage) => storage.DType switch
    {
        DType.Float32 => All(Elements<float>(storage)),
        DType.Float64 => All(Elements<double>(storage)),
        _ => true,
    };

    /// <summary>NaN if there is one, else the first infinity.</summary>
    internal static double First(Storage storage)
    {
        double found = double.PositiveInfinity;
        bool any = false;
        foreach (double x in Doubles(storage))
        {
            if (double.IsNaN(x)) return x;
            if (any || double.IsFinite(x)) continue;
            (found, any) = (x, true);
        }

        return found;
    }

    internal static (double Low, double High) Range(Storage storage)
    {
        (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (double x in Doubles(storage)) (low, high) = (Math.Min(low, x), Math.Max(high, x));
        return (low, high);
    }

    // x * 0 is 0 for every finite x and NaN for the others, and a sum keeps a NaN.
    internal static bool All<T>(ReadOnlySpan<T> elements) where T : unmanaged, IFloatingPoint<T>
    {
        T sum = T.Zero;
        if (Vector.IsHardwareAccelerated && elements.Length >= Vector<T>.Count)
        {
            ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(elements);
            Vector<T> sums = Vector<T>.Zero;
            foreach (Vector<T> x in vectors) sums += x * Vector<T>.Zero;
            sum = Vector.Sum(sums);
            elements = elements[(vectors.Length * Vector<T>.Count)..];
        }

        foreach (T x in elements) sum += x * T.Zero;
        return T.IsZero(sum);
    }

    private static double[] Doubles(Storage storage) => storage.DType switch
    {
        DType.Float32 => Array.ConvertAll(Elements<float>(storage).ToArray(), x => (double)x),
        DType.Float64 => Elements<double>(storage).ToArray(),
        _ => [],
    };

    private static ReadOnlySpan<T> Elements<T>(Storage storage) where T : unmanaged
    {
        if (storage.Device is CpuDevice) return storage.AsSpan<T>();
        T[] copy = new T[storage.Length];
        storage.CopyTo<T>(copy);
        return copy;
    }
}
