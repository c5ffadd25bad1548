using Engine.Kernels.Ordering.Gpu;
using Engine.Kernels.Ordering.Host;

namespace Engine.Kernels.Ordering;

/// <summary>
/// The order of the elements of rows. It is stable: equal elements, 0 and -0 among them, keep the order of their positions, so that the
/// result is the same on every device and for any number of threads. A NaN counts as larger than everything.
/// </summary>
public static class Sorting
{
    /// <summary>
    /// indices[r, j] = the position in row r of x of the element that stands at place j when the row is sorted, for the first
    /// <paramref name="places"/> places.
    /// </summary>
    /// <param name="x">The rows, <paramref name="rows"/> x <paramref name="columns"/>: float32 or float64.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of elements in a row.</param>
    /// <param name="descending">Whether the largest element is first.</param>
    /// <param name="places">How many places of each row are wanted: all of them, or the k largest or smallest.</param>
    /// <param name="indices">The result, int32, <paramref name="rows"/> x <paramref name="places"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are more places than columns, or a number is negative.</exception>
    public static void ArgSort(Storage x, int rows, int columns, bool descending, int places, Storage indices)
    {
        const string Operation = "Sorting.ArgSort";
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (places < 0 || places > columns) throw new ArgumentOutOfRangeException(
            nameof(places), $"{Operation}: expected 0 to {columns} places of rows of {columns} elements, found {places}.");
        Device device = Arguments.OneDevice(Operation, x, indices);
        Arguments.Floating(Operation, nameof(x), x);
        CheckIndices(Operation, indices);
        Arguments.Length(Operation, nameof(x), x, (long)rows * columns);
        Arguments.Length(Operation, nameof(indices), indices, (long)rows * places);
        indices.ForgetRange();
        if (indices.Length == 0) return;
        if (device is CpuDevice cpu) HostSorting.ArgSort(cpu, x, rows, columns, descending, places, indices);
        else if (!device.IsMeasuring) GpuSorting.ArgSort((GpuDevice)device, x, rows, columns, descending, places, indices);
    }

    /// <summary>y[r, j] = x[r, indices[r, j]]: the elements that <see cref="ArgSort"/> has put in order.</summary>
    /// <param name="x">The rows, <paramref name="rows"/> x <paramref name="columns"/>, of any type.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of elements in a row.</param>
    /// <param name="indices">Positions in the rows, <paramref name="rows"/> x <paramref name="places"/>, as ArgSort wrote them.</param>
    /// <param name="places">The number of positions in a row.</param>
    /// <param name="y">The result, <paramref name="rows"/> x <paramref name="places"/>.</param>
    internal static void Take(Storage x, int rows, int columns, Storage indices, int places, Storage y)
    {
        const string Operation = "Sorting.Take";
        Device device = Check(Operation, x, indices, y);
        Arguments.Length(Operation, nameof(x), x, (long)rows * columns);
        Arguments.Length(Operation, nameof(indices), indices, (long)rows * places);
        Arguments.Length(Operation, nameof(y), y, (long)rows * places);
        if (y.Length == 0) return;
        if (device is CpuDevice cpu) HostSorting.Take(cpu, x, rows, columns, indices, places, y);
        else if (!device.IsMeasuring) GpuSorting.Take((GpuDevice)device, x, columns, indices, places, y);
    }

    /// <summary>
    /// y[r, indices[r, j]] = g[r, j], and 0 where no index points: the gradient of <see cref="Take"/>, whose indices are distinct in each
    /// row.
    /// </summary>
    /// <param name="g">What is put, <paramref name="rows"/> x <paramref name="places"/>.</param>
    /// <param name="indices">Positions in the rows, as many.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="places">The number of positions in a row.</param>
    /// <param name="columns">The number of elements in a row of the result.</param>
    /// <param name="y">The result, <paramref name="rows"/> x <paramref name="columns"/>.</param>
    internal static void Put(Storage g, Storage indices, int rows, int places, int columns, Storage y)
    {
        const string Operation = "Sorting.Put";
        Device device = Check(Operation, g, indices, y);
        Arguments.Length(Operation, nameof(g), g, (long)rows * places);
        Arguments.Length(Operation, nameof(indices), indices, (long)rows * places);
        Arguments.Length(Operation, nameof(y), y, (long)rows * columns);
        Movement.Move.Fill(y, 0);
        if (g.Length == 0) return;
        if (device is CpuDevice cpu) HostSorting.Put(cpu, g, indices, rows, places, columns, y);
        else if (!device.IsMeasuring) GpuSorting.Put((GpuDevice)device, g, indices, places, columns, y);
    }

    private static Device Check(string operation, Storage x, Storage indices, Storage y)
    {
        Arguments.OneType(operation, x, y);
        CheckIndices(operation, indices);
        y.ForgetRange();
        Arguments.OneDevice(operation, x, indices);
        return Arguments.OneDevice(operation, x, y);
    }

    private static void CheckIndices(string operation, Storage indices)
    {
        if (indices.DType != DType.Int32) throw new ArgumentException(
            $"{operation}: indices must be {DType.Int32}, found {indices.DType}.");
    }
}
