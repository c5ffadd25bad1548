using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Mapping.Host;

namespace Engine.Kernels.Mapping;

/// <summary>
/// Elementwise kernels: an operation of one to four arguments applied to every element, with broadcasting, or an update of arrays in
/// place. The operation is a small struct written in lanes (<see cref="IUnaryOp"/> and its fellows); any output may be one
/// of the inputs of the same shape. All storages hold float32, or all float64.
/// </summary>
public static class Map
{
    /// <summary>y[i] = op(x[i]).</summary>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Unary<TOp>(Storage x, Storage y, TOp op) where TOp : unmanaged, IUnaryOp
    {
        Arguments.Length(Name<TOp>(), "the output", y, x.Length);
        Shape flat = new(x.Length);
        Run(new UnaryMap<TOp>(op), Name<TOp>(), BroadcastPlan.Create(Name<TOp>(), flat, flat), y, x);
    }

    /// <summary>z = op(x, y), both broadcast to the shape of z.</summary>
    /// <exception cref="ArgumentException">A shape does not broadcast to z's, or a storage does not fit its shape, or the storages differ
    /// in device or type.</exception>
    public static void Binary<TOp>(Storage x, Shape xShape, Storage y, Shape yShape, Storage z, Shape zShape, TOp op)
        where TOp : unmanaged, IBinaryOp
    {
        CheckShapes(Name<TOp>(), [x, y, z], [xShape, yShape, zShape]);
        Run(new BinaryMap<TOp>(op), Name<TOp>(), BroadcastPlan.Create(Name<TOp>(), zShape, xShape, yShape), z, x, y);
    }

    /// <summary>w = op(x, y, z), all broadcast to the shape of w.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Binary"/>.</exception>
    public static void Ternary<TOp>(
        Storage x, Shape xShape, Storage y, Shape yShape, Storage z, Shape zShape, Storage w, Shape wShape, TOp op)
        where TOp : unmanaged, ITernaryOp
    {
        CheckShapes(Name<TOp>(), [x, y, z, w], [xShape, yShape, zShape, wShape]);
        Run(new TernaryMap<TOp>(op), Name<TOp>(), BroadcastPlan.Create(Name<TOp>(), wShape, xShape, yShape, zShape), w, x, y, z);
    }

    /// <summary>v = op(x, y, z, w), all broadcast to the shape of v.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Binary"/>.</exception>
    public static void Quaternary<TOp>(
        Storage x, Shape xShape, Storage y, Shape yShape, Storage z, Shape zShape, Storage w, Shape wShape, Storage v, Shape vShape, TOp op)
        where TOp : unmanaged, IQuaternaryOp
    {
        CheckShapes(Name<TOp>(), [x, y, z, w, v], [xShape, yShape, zShape, wShape, vShape]);
        Run(new QuaternaryMap<TOp>(op), Name<TOp>(), BroadcastPlan.Create(Name<TOp>(), vShape, xShape, yShape, zShape, wShape), v, x, y,
            z, w);
    }

    /// <summary>
    /// Renews any number of arrays, each with its further states and its x, in one launch: on the host the arrays are cut as if they lay in
    /// a row, so that many small ones share a thread.
    /// </summary>
    /// <param name="first">The first state of each; renewed.</param>
    /// <param name="second">The second state of each, where the operation has one; renewed.</param>
    /// <param name="third">The third.</param>
    /// <param name="fourth">The fourth.</param>
    /// <param name="x">What each is renewed from.</param>
    /// <param name="op">The operation.</param>
    /// <exception cref="ArgumentException">
    /// The spans differ in length, the storages of one array differ in device, type or length, or a state that the operation needs is
    /// missing; nothing was changed.
    /// </exception>
    public static void Update<TOp>(
        ReadOnlySpan<Storage> first, ReadOnlySpan<Storage> second, ReadOnlySpan<Storage> third, ReadOnlySpan<Storage> fourth,
        ReadOnlySpan<Storage> x, TOp op)
        where TOp : unmanaged, IUpdateOp
    {
        UpdateArguments arguments = new(first, second, third, fourth, x);
        for (int i = 0; i < x.Length; i++) CheckUpdate<TOp>(arguments, i);

        // Arrays are usually on one device and of one type; where they are not, each run of equal ones is a launch.
        int start = 0;
        for (int i = 1; i <= x.Length; i++)
        {
            if (i < x.Length && ReferenceEquals(x[i].Device, x[start].Device) && x[i].DType == x[start].DType) continue;
            if (x[start].Device is CpuDevice cpu) HostUpdate.Run(cpu, op, arguments, start, i);
            else if (!x[start].Device.IsMeasuring) GpuUpdate.Run((GpuDevice)x[start].Device, op, arguments, start, i);
            start = i;
        }
    }

    /// <summary>output = op(arguments), one to four that broadcast to the shape of the output.</summary>
    internal static void Run<TOp>(
        string name, TOp op, Storage output, Shape shape, ReadOnlySpan<Storage> arguments, ReadOnlySpan<Shape> shapes)
        where TOp : unmanaged, IMapOp
    {
        CheckShapes(name, [.. arguments, output], [.. shapes, shape]);
        int count = arguments.Length;
        Run(op, name, BroadcastPlan.Create(name, shape, shapes), output, arguments[0], count > 1 ? arguments[1] : null,
            count > 2 ? arguments[2] : null, count > 3 ? arguments[3] : null);
    }

    private static void Run<TOp>(
        TOp op, string name, in BroadcastPlan plan, Storage output, Storage x, Storage? y = null, Storage? z = null, Storage? w = null)
        where TOp : unmanaged, IMapOp
    {
        Device device = Arguments.OneDevice(name, output, x, y, z, w);
        DType dtype = CheckFloating(name, Arguments.OneType(name, output, x, y, z, w));
        if (output.Length == 0) return;
        LaneDispatch.Run(
            device, dtype, new HostMap.Pass<TOp>(op, plan, output, x, y, z, w), new GpuMap.Pass<TOp>(op, plan, output, x, y, z, w));
    }

    private static void CheckUpdate<TOp>(UpdateArguments arguments, int index) where TOp : unmanaged, IUpdateOp
    {
        string name = Name<TOp>();
        Storage x = arguments.X[index];
        for (int state = 0; state < TOp.States; state++)
        {
            ReadOnlySpan<Storage> states = arguments[state];
            if (states.Length != arguments.X.Length)
                throw new ArgumentException(
                    $"{name}: renews {TOp.States} states, expected state {state + 1} of {arguments.X.Length} arrays, "
                    + $"found {states.Length}.");
            Arguments.Length(name, $"state {state + 1}", states[index], x.Length);
            Arguments.OneDevice(name, x, states[index]);
            Arguments.OneType(name, x, states[index]);
        }

        CheckFloating(name, x.DType);
    }

    private static string Name<TOp>() => typeof(TOp).Name;

    private static DType CheckFloating(string name, DType dtype) =>
        dtype != DType.Int32 ? dtype
            : throw new ArgumentException($"{name}: elementwise operations take Float32 or Float64, found {dtype}.");

    private static void CheckShapes(string name, ReadOnlySpan<Storage> storages, ReadOnlySpan<Shape> shapes)
    {
        for (int i = 0; i < storages.Length; i++)
            Arguments.Length(name, i == storages.Length - 1 ? "the output" : $"argument {i + 1}", storages[i], shapes[i].Count);
    }
}

/// <summary>The arrays of an update: element i of each belongs to array i.</summary>
internal readonly ref struct UpdateArguments(
    ReadOnlySpan<Storage> first, ReadOnlySpan<Storage> second, ReadOnlySpan<Storage> third, ReadOnlySpan<Storage> fourth,
    ReadOnlySpan<Storage> x)
{
    private readonly ReadOnlySpan<Storage> _first = first;
    private readonly ReadOnlySpan<Storage> _second = second;
    private readonly ReadOnlySpan<Storage> _third = third;
    private readonly ReadOnlySpan<Storage> _fourth = fourth;

    internal ReadOnlySpan<Storage> X { get; } = x;

    internal ReadOnlySpan<Storage> this[int state] => state switch { 0 => _first, 1 => _second, 2 => _third, _ => _fourth };
}
