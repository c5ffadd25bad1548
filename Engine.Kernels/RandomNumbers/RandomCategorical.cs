using System.Buffers;
using Engine.Kernels.RandomNumbers.Gpu;
using Engine.Kernels.RandomNumbers.Host;

namespace Engine.Kernels.RandomNumbers;

/// <summary>Draws one class for each row of logits, by inverting the cumulative distribution of its softmax.</summary>
public static class RandomCategorical
{
    /// <summary>
    /// Writes to element r of <paramref name="indices"/> the least class c with sum over j up to c of e^(z_j - m) &gt; u sum over all j of
    /// e^(z_j - m), where z is row r of the logits, m its maximum, and u the uniform number of <paramref name="key"/> and
    /// <paramref name="offset"/> + r alone, in [0, 1), as <see cref="RandomUniform"/> makes it. The sums go from the first class to the
    /// last, so that neither the number of threads nor the width of the vectors changes a draw; on a GPU, where exponentials may be rounded
    /// otherwise, a u that falls onto the border of two classes can go to the other. -infinity is the logit of a class that is never drawn.
    /// </summary>
    /// <param name="logits">z, <paramref name="rows"/> x <paramref name="classes"/>: float32 or float64.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="classes">The number of classes, at least 1.</param>
    /// <param name="indices">The result, int32, from 0 to <paramref name="classes"/> - 1, one for each row.</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/> of the rows.</param>
    /// <exception cref="ArgumentException">
    /// Devices, types, lengths or the offset do not fit; or a row is no distribution: it holds NaN or +infinity, or nothing but -infinity.
    /// The index of such a row is -1 then.
    /// </exception>
    public static void Run(Storage logits, int rows, int classes, Storage indices, ulong key, long offset)
    {
        const string operation = nameof(RandomCategorical);
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Device device = Arguments.OneDevice(operation, logits, indices);
        Arguments.Floating(operation, nameof(logits), logits);
        if (indices.DType != DType.Int32) throw new ArgumentException(
            $"{operation}: indices must be {DType.Int32}, found {indices.DType}.");
        Arguments.Length(operation, nameof(logits), logits, (long)rows * classes);
        Arguments.Length(operation, nameof(indices), indices, rows);
        Arguments.RandomOffset(operation, offset);
        indices.ForgetRange();
        if (rows == 0 || device.IsMeasuring) return;
        if (device is CpuDevice cpu) LaneDispatch.OnHost(
            cpu, logits.DType, new HostRandomCategorical(logits, rows, classes, indices, key, offset));
        else GpuRandomCategorical.Run((GpuDevice)device, logits, rows, classes, indices, key, offset);
        CheckIndices(operation, indices);
    }

    /// <summary>A kernel cannot throw: the indices that it wrote tell which row is no distribution.</summary>
    private static void CheckIndices(string operation, Storage indices)
    {
        int[]? copy = indices.Device is CpuDevice ? null : ArrayPool<int>.Shared.Rent(indices.Length);
        if (copy is not null) indices.CopyTo(copy.AsSpan(0, indices.Length));
        ReadOnlySpan<int> span = copy is null ? indices.AsSpan<int>() : copy.AsSpan(0, indices.Length);
        int row = span.IndexOf(-1);
        if (copy is not null) ArrayPool<int>.Shared.Return(copy);
        if (row >= 0) throw new ArgumentException(
            $"{operation}: row {row} of the logits is no distribution: found NaN or +infinity, or nothing but -infinity.");
    }
}
