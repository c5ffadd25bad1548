using Engine.Kernels.Rows.Gpu;
using Engine.Kernels.Rows.Host;

namespace Engine.Kernels.Rows;

/// <summary>
/// The sums over the innermost axis of an elementwise operation of one to four arguments, with broadcasting, in one pass: what the
/// operation yields is added up at once and never written to memory. What a log-density of many independent variables is: [rows, n] to
/// [rows]. The order of the additions depends on the shape alone. All storages hold float32, or all float64.
/// </summary>
public static class RowSum
{
    /// <summary>
    /// Elements that one product takes before its logarithm: each at most doubles it, and 2^120 is still in the range of float32.
    /// </summary>
    internal const int ProductElements = 120;

    /// <summary>sums[row] = sum over j of op(x[row, j]).</summary>
    /// <exception cref="ArgumentException">The shape has no axis, a storage does not fit its shape, or the storages differ in device or
    /// type.</exception>
    public static void Unary<TOp>(Storage x, Shape shape, Storage sums, TOp op) where TOp : unmanaged, IUnaryOp =>
        Run(typeof(TOp).Name, new MapTerm<UnaryMap<TOp>>(new(op)), shape, sums, [x], [shape]);

    /// <summary>sums[row] = sum over j of op(x, y)[row, j], the arguments broadcast to the shape of the terms.</summary>
    /// <param name="x">The first argument.</param>
    /// <param name="xShape">Its shape.</param>
    /// <param name="y">The second argument.</param>
    /// <param name="yShape">Its shape.</param>
    /// <param name="terms">The shape of what is added up: [..., n].</param>
    /// <param name="sums">Receives the sums: one for each place of the axes before the innermost.</param>
    /// <param name="op">The operation.</param>
    /// <exception cref="ArgumentException">
    /// The terms have no axis, an argument does not broadcast to them, a storage does not fit its shape, or the storages differ in device
    /// or type.
    /// </exception>
    public static void Binary<TOp>(Storage x, Shape xShape, Storage y, Shape yShape, Shape terms, Storage sums, TOp op)
        where TOp : unmanaged, IBinaryOp =>
        Run(typeof(TOp).Name, new MapTerm<BinaryMap<TOp>>(new(op)), terms, sums, [x, y], [xShape, yShape]);

    /// <summary>sums[row] = sum over j of op(x, y, z)[row, j], the arguments broadcast to the shape of the terms.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Binary"/>.</exception>
    public static void Ternary<TOp>(
        Storage x, Shape xShape, Storage y, Shape yShape, Storage z, Shape zShape, Shape terms, Storage sums, TOp op)
        where TOp : unmanaged, ITernaryOp =>
        Run(typeof(TOp).Name, new MapTerm<TernaryMap<TOp>>(new(op)), terms, sums, [x, y, z], [xShape, yShape, zShape]);

    /// <summary>sums[row] = sum over j of op(x, y, z, w)[row, j], the arguments broadcast to the shape of the terms.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Binary"/>.</exception>
    public static void Quaternary<TOp>(
        Storage x, Shape xShape, Storage y, Shape yShape, Storage z, Shape zShape, Storage w, Shape wShape, Shape terms, Storage sums,
        TOp op)
        where TOp : unmanaged, IQuaternaryOp =>
        Run(typeof(TOp).Name, new MapTerm<QuaternaryMap<TOp>>(new(op)), terms, sums, [x, y, z, w], [xShape, yShape, zShape, wShape]);

    internal static void Run<TTerm>(
        string operation, TTerm op, Shape terms, Storage sums, ReadOnlySpan<Storage> arguments, ReadOnlySpan<Shape> shapes)
        where TTerm : unmanaged, IRowTerm
    {
        RowPlan plan = RowPlan.Create(operation, terms, shapes);
        for (int i = 0; i < arguments.Length; i++)
        {
            Arguments.OneDevice(operation, sums, arguments[i]);
            Arguments.OneType(operation, sums, arguments[i]);
            Arguments.Length(operation, $"argument {i + 1}", arguments[i], shapes[i].Count);
            if (ReferenceEquals(arguments[i], sums)) throw new ArgumentException($"{operation}: the sums must not be argument {i + 1}.");
        }

        Arguments.Length(operation, "the sums", sums, plan.Rows);
        Arguments.Floating(operation, "the arguments", sums);
        if (sums.Length == 0) return;
        Storage x = arguments[0];
        (Storage y, Storage z, Storage w) =
            (arguments.Length > 1 ? arguments[1] : x, arguments.Length > 2 ? arguments[2] : x, arguments.Length > 3 ? arguments[3] : x);
        LaneDispatch.Run(
            sums.Device, sums.DType, new HostRowSum.Pass<TTerm>(op, plan, x, y, z, w, sums),
            new GpuRowSum.Pass<TTerm>(op, plan, x, y, z, w, sums));
    }
}
