using System.Buffers;
using Engine.Kernels.Movement.Gpu;
using Engine.Kernels.Movement.Host;

namespace Engine.Kernels.Movement;

/// <summary>
/// Kernels that bring elements to another place, or another type, and compute nothing: permutation, slices, padding, gather and
/// scatter-add, fill, copy, conversion. Elements are float, double or int. Outputs are allocated by the caller and do not overlap inputs.
/// </summary>
public static class Move
{
    /// <summary>
    /// Reorders axes: axis i of <paramref name="y"/> is axis <c>axes[i]</c> of <paramref name="x"/>. A transpose is <c>axes = [1, 0]</c>.
    /// </summary>
    /// <param name="x">The input, of shape <paramref name="shape"/>.</param>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="axes">Every axis of <paramref name="shape"/> once; negative ones count from the innermost.</param>
    /// <param name="y">The output, as many elements as <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">The axes are no permutation, or devices, types or lengths do not match.</exception>
    public static void Permute(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y)
    {
        const string Operation = "Move.Permute";
        Device device = Check(Operation, x, y);
        Arguments.Length(Operation, nameof(x), x, shape.Count);
        Arguments.Length(Operation, nameof(y), y, shape.Count);
        if (axes.Length != shape.Rank)
            throw new ArgumentException(
                $"{Operation}: shape {shape} needs {shape.Rank} axes, found [{string.Join(", ", axes.ToArray())}].");
        int seen = 0;
        StridedCopy copy = new();
        int inner = shape.Count;
        foreach (int wanted in axes)
        {
            int axis = shape.Axis(wanted);
            if ((seen & (1 << axis)) != 0)
                throw new ArgumentException(
                    $"{Operation}: the axes must name each axis of {shape} once, found [{string.Join(", ", axes.ToArray())}].");
            seen |= 1 << axis;
            if (shape.Count == 0) continue;
            inner /= shape[axis];
            copy.Add(shape[axis], shape.Stride(axis), inner);
        }

        if (shape.Count > 0) Run(device, x, 0, y, 0, copy);
    }

    /// <summary>Copies a box out of an array: y[i, j, ...] = x[starts[0] + i, starts[1] + j, ...].</summary>
    /// <param name="x">The input, of shape <paramref name="shape"/>.</param>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="starts">The first corner of the box in <paramref name="x"/>, one value for each axis.</param>
    /// <param name="box">The shape of the box, and of <paramref name="y"/>.</param>
    /// <param name="y">The output.</param>
    /// <exception cref="ArgumentException">The box is not inside the array, or devices, types or lengths do not match.</exception>
    public static void Slice(Storage x, Shape shape, ReadOnlySpan<int> starts, Shape box, Storage y)
    {
        const string Operation = "Move.Slice";
        Device device = Check(Operation, x, y);
        Arguments.Length(Operation, nameof(x), x, shape.Count);
        Arguments.Length(Operation, nameof(y), y, box.Count);
        int start = CheckBox(Operation, shape, starts, box);
        if (box.Count == 0) return;
        StridedCopy copy = new();
        for (int axis = 0; axis < box.Rank; axis++) copy.Add(box[axis], shape.Stride(axis), box.Stride(axis));
        Run(device, x, start, y, 0, copy);
    }

    /// <summary>
    /// Copies an array into a box of a larger one: y[starts[0] + i, starts[1] + j, ...] = x[i, j, ...]; the rest of
    /// <paramref name="y"/> stays as it is. Concatenation is one such call for each part.
    /// </summary>
    /// <param name="x">The input, of shape <paramref name="box"/>.</param>
    /// <param name="box">The shape of <paramref name="x"/>.</param>
    /// <param name="y">The array that is written to.</param>
    /// <param name="shape">The shape of <paramref name="y"/>.</param>
    /// <param name="starts">The first corner of the box in <paramref name="y"/>, one value for each axis.</param>
    /// <exception cref="ArgumentException">The box is not inside the array, or devices, types or lengths do not match.</exception>
    public static void WriteSlice(Storage x, Shape box, Storage y, Shape shape, ReadOnlySpan<int> starts)
    {
        const string Operation = "Move.WriteSlice";
        Device device = Check(Operation, x, y);
        Arguments.Length(Operation, nameof(x), x, box.Count);
        Arguments.Length(Operation, nameof(y), y, shape.Count);
        WriteBox(Operation, device, x, box, y, shape, starts);
    }

    /// <summary>Surrounds an array with a constant.</summary>
    /// <param name="x">The input, of shape <paramref name="shape"/>.</param>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="before">How many elements to put before the first along each axis.</param>
    /// <param name="after">How many elements to put behind the last along each axis.</param>
    /// <param name="value">The constant, converted to the type of the elements.</param>
    /// <param name="y">The output: extent i is before[i] + shape[i] + after[i].</param>
    /// <exception cref="ArgumentException">A padding is negative, there is not one for each axis, or devices, types or lengths do not
    /// match.</exception>
    public static void Pad(Storage x, Shape shape, ReadOnlySpan<int> before, ReadOnlySpan<int> after, double value, Storage y)
    {
        const string Operation = "Move.Pad";
        Device device = Check(Operation, x, y);
        Arguments.Length(Operation, nameof(x), x, shape.Count);
        if (before.Length != shape.Rank || after.Length != shape.Rank)
            throw new ArgumentException(
                $"{Operation}: shape {shape} needs {shape.Rank} paddings before and after, found {before.Length} and {after.Length}.");
        Span<int> extents = stackalloc int[Shape.MaxRank];
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (before[axis] < 0 || after[axis] < 0)
                throw new ArgumentException(
                    $"{Operation}: paddings must not be negative, found {before[axis]} before and {after[axis]} after axis {axis}.");
            extents[axis] = checked(before[axis] + shape[axis] + after[axis]);
        }

        Shape padded = new(extents[..shape.Rank]);
        Arguments.Length(Operation, nameof(y), y, padded.Count);
        FillOn(device, y, value);
        WriteBox(Operation, device, x, shape, y, padded, before);
    }

    /// <summary>Sets every element to one value, converted to the type of the elements.</summary>
    public static void Fill(Storage y, double value)
    {
        Device device = Arguments.OneDevice("Move.Fill", y);
        y.ForgetRange();
        FillOn(device, y, value);
    }

    /// <summary>y = x.</summary>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Copy(Storage x, Storage y)
    {
        const string Operation = "Move.Copy";
        Device device = Check(Operation, x, y);
        Arguments.Length(Operation, nameof(y), y, x.Length);
        CopyOn(device, x, y);
    }

    /// <summary>
    /// y = x in another type. To float it rounds to the nearest; to int it drops the fraction, takes the nearest int for what is
    /// out of range, and 0 for NaN.
    /// </summary>
    /// <exception cref="ArgumentException">Devices or lengths do not match.</exception>
    public static void Convert(Storage x, Storage y)
    {
        const string Operation = "Move.Convert";
        Device device = Arguments.OneDevice(Operation, x, y);
        Arguments.Length(Operation, nameof(y), y, x.Length);
        if (ReferenceEquals(x, y)) throw new ArgumentException($"{Operation}: the output must not be the input.");
        y.ForgetRange();
        if (x.DType == y.DType) CopyOn(device, x, y);
        else if (device is CpuDevice cpu) HostMove.Convert(cpu, x, y);
        else if (x.Length > 0 && !device.IsMeasuring) GpuMove.Convert((GpuDevice)device, x, y);
    }

    /// <summary>Picks rows: y[i, :] = x[indices[i], :]. An embedding is such a table.</summary>
    /// <param name="x">The table, <paramref name="rows"/> x <paramref name="width"/>.</param>
    /// <param name="rows">The number of rows of the table.</param>
    /// <param name="width">The number of elements in a row: the product of all axes but the first.</param>
    /// <param name="indices">Row indices, int32, each from 0 to <paramref name="rows"/> - 1, in any order, with repetitions.</param>
    /// <param name="y">The output, as many rows as there are indices.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is not a row of the table; nothing was written.</exception>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Gather(Storage x, int rows, int width, Storage indices, Storage y) =>
        GatherRows(x, rows, width, indices, y, "Move.Gather");

    /// <summary>As the public form, for an operation of another name.</summary>
    internal static void GatherRows(Storage x, int rows, int width, Storage indices, Storage y, string operation)
    {
        Device device = Check(operation, x, y);
        CheckRows(operation, nameof(x), x, rows, width, indices, nameof(y), y);
        if (y.Length == 0) return;
        if (device is CpuDevice cpu) HostMove.Gather(cpu, x, width, indices, y);
        else if (!device.IsMeasuring) GpuMove.Gather((GpuDevice)device, x, width, indices, y);
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
        else if (!device.IsMeasuring) GpuMove.ScatterAdd((GpuDevice)device, g, indices, y, width);
    }

    private static void WriteBox(string operation, Device device, Storage x, Shape box, Storage y, Shape shape, ReadOnlySpan<int> starts)
    {
        int start = CheckBox(operation, shape, starts, box);
        if (box.Count == 0) return;
        StridedCopy copy = new();
        for (int axis = 0; axis < box.Rank; axis++) copy.Add(box[axis], box.Stride(axis), shape.Stride(axis));
        Run(device, x, 0, y, start, copy);
    }

    /// <summary>Checks that a box lies inside a shape; returns the offset of its first corner.</summary>
    private static int CheckBox(string operation, Shape shape, ReadOnlySpan<int> starts, Shape box)
    {
        if (box.Rank != shape.Rank || starts.Length != shape.Rank)
            throw new ArgumentException(
                $"{operation}: a box in {shape} needs {shape.Rank} extents and starts, found {box} and {starts.Length} starts.");
        int offset = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (starts[axis] < 0 || box[axis] > shape[axis] - starts[axis])
                throw new ArgumentException(
                    $"{operation}: expected a box inside {shape}, found {box} at [{string.Join(", ", starts.ToArray())}], of which axis "
                    + $"{axis} would run from {starts[axis]} to {(long)starts[axis] + box[axis]}.");
            offset += starts[axis] * shape.Stride(axis);
        }

        return offset;
    }

    private static void Run(Device device, Storage x, int xStart, Storage y, int yStart, in StridedCopy copy)
    {
        if (device is CpuDevice cpu) HostMove.Copy(cpu, x, xStart, y, yStart, copy);
        else if (!device.IsMeasuring) GpuMove.Copy((GpuDevice)device, x, xStart, y, yStart, copy);
    }

    /// <summary>One device, one type, and two storages.</summary>
    private static Device Check(string operation, Storage x, Storage y)
    {
        Arguments.OneType(operation, x, y);
        if (ReferenceEquals(x, y)) throw new ArgumentException($"{operation}: the output must not be the input.");
        y.ForgetRange();
        return Arguments.OneDevice(operation, x, y);
    }

    private static void FillOn(Device device, Storage y, double value)
    {
        if (device is CpuDevice cpu) HostMove.Fill(cpu, y, value);
        else if (y.Length > 0 && !device.IsMeasuring) GpuMove.Fill((GpuDevice)device, y, value);
    }

    private static void CopyOn(Device device, Storage x, Storage y)
    {
        StridedCopy copy = new();
        copy.Add(x.Length, 1, 1);
        if (x.Length > 0) Run(device, x, 0, y, 0, copy);
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
        if (indices.IsWithin(rows) || indices.Device.IsMeasuring) return;

        // Before anything is written: a wrong label must not leave half an output behind.
        // A GPU could not say which index it was, so they are copied to the host first.
        int[]? copy = indices.Device is CpuDevice ? null : ArrayPool<int>.Shared.Rent(indices.Length);
        if (copy is not null) indices.CopyTo(copy.AsSpan(0, indices.Length));
        ReadOnlySpan<int> span = copy is null ? indices.AsSpan<int>() : copy.AsSpan(0, indices.Length);
        for (int i = 0; i < span.Length; i++)
        {
            if ((uint)span[i] >= (uint)rows)
                throw new ArgumentOutOfRangeException(
                    nameof(indices), $"{operation}: expected indices of the {rows} rows of the table, found {span[i]} at position {i}.");
        }

        if (copy is not null) ArrayPool<int>.Shared.Return(copy);
    }
}
