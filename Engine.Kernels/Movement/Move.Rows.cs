using System.Buffers;
using Engine.Kernels.Movement.Gpu;
using Engine.Kernels.Movement.Host;

namespace Engine.Kernels.Movement;

public static partial class Move
{
    /// <summary>Picks rows: y[i, :] = x[indices[i], :]. An embedding is such a table.</summary>
    /// <param name="x">The table, <paramref name="rows"/> x <paramref name="width"/>.</param>
    /// <param name="rows">The number of rows of the table.</param>
    /// <param name="width">The number of elements in a row: the product of all axes but the first.</param>
    /// <param name="indices">Row indices, int32, each from 0 to <paramref name="rows"/> - 1, in any order, with repetitions.</param>
    /// <param name="y">The output, as many rows as there are indices.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is not a row of the table; nothing was written.</exception>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Gather(Storage x, int rows, int width, Storage indices, Storage y)
    {
        const string Operation = "Move.Gather";
        Device device = Check(Operation, x, y);
        CheckRows(Operation, nameof(x), x, rows, width, indices, nameof(y), y);
        if (y.Length == 0) return;
        if (device is CpuDevice cpu) HostMove.Gather(cpu, x, width, indices, y);
        else GpuMove.Gather((GpuDevice)device, x, width, indices, y);
    }

    /// <summary>
    /// Adds rows to rows: y[indices[i], :] += g[i, :], for i in rising order, so that the result does not depend on the number of
    /// threads. It is the derivative of <see cref="Gather"/>.
    /// </summary>
    /// <param name="g">What is added: as many rows of <paramref name="width"/> as there are indices.</param>
    /// <param name="indices">Row indices of <paramref name="y"/>, int32, each from 0 to <paramref name="rows"/> - 1.</param>
    /// <param name="y">The table that is added to, <paramref name="rows"/> x <paramref name="width"/>.</param>
    /// <param name="rows">The number of rows of the table.</param>
    /// <param name="width">The number of elements in a row.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is not a row of the table; nothing was written.</exception>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void ScatterAdd(Storage g, Storage indices, Storage y, int rows, int width)
    {
        const string Operation = "Move.ScatterAdd";
        Device device = Check(Operation, g, y);
        CheckRows(Operation, nameof(y), y, rows, width, indices, nameof(g), g);
        if (g.Length == 0) return;
        if (device is CpuDevice cpu) HostMove.ScatterAdd(cpu, g, indices, y, rows, width);
        else GpuMove.ScatterAdd((GpuDevice)device, g, indices, y, width);
    }

    private static void CheckRows(
        string operation, string tableName, Storage table, int rows, int width, Storage indices, string pickedName, Storage picked)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        Arguments.OneDevice(operation, table, indices);
        if (indices.DType != DType.Int32) throw new ArgumentException(
            $"{operation}: indices must be {DType.Int32}, found {indices.DType}.");
        if (ReferenceEquals(indices, table) || ReferenceEquals(indices, picked))
            throw new ArgumentException($"{operation}: the indices must not be the input or the output.");
        Arguments.Length(operation, tableName, table, (long)rows * width);
        Arguments.Length(operation, pickedName, picked, (long)indices.Length * width);
        if (indices.IsWithin(rows)) return;

        // Before anything is written: a wrong label must not leave half an output behind.
        // A GPU could not say which index it was, so they are copied to the host first.
        int[]? copy = indices.Device is CpuDevice ? null : ArrayPool<int>.Shared.Rent(indices.Length);
        if (copy is not null) indices.CopyTo(copy.AsSpan(0, indices.Length));
        ReadOnlySpan<int> span = copy is null ? indices.AsSpan<int>() : copy.AsSpan(0, indices.Length);
        for (int i = 0; i < span.Length; i++)
        {
            if ((uint)span[i] >= (uint)rows)
                throw new ArgumentOutOfRangeException(
                    nameof(indices), $"{operation}: index {span[i]} at position {i} is not a row of the {rows} x {width} table (0 to "
                        + $"{rows - 1}).");
        }

        if (copy is not null) ArrayPool<int>.Shared.Return(copy);
    }
}
