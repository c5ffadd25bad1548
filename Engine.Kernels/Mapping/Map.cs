using Engine.Kernels.Devices;

namespace Engine.Kernels.Mapping;

/// <summary>
/// Elementwise kernels: an operation of one to four arguments applied to every element, with broadcasting, or an update of arrays in
/// place. The operation is a small struct written in lanes (<see cref="IUnaryOp"/> and its fellows); any output may be one
/// of the inputs of the same shape. All storages hold float32, or all float64.
/// </summary>
public static partial class Map
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

    /// <summary>output = op(arguments), one to four that broadcast to the shape of the output.</summary>
    internal static void Run<TOp>(
        string name, TOp op, Storage output, Shape shape, ReadOnlySpan<Storage> arguments, ReadOnlySpan<Shape> shapes)
        where TOp : unmanaged, IMapOp
    {
        CheckShapes(name, [.. arguments, output], [.. shapes, shape]);
        int count = arguments.Length;
        Run(op, name, BroadcastPlan.Create(name, shape, shapes), output, arguments[0], count > 1 ? arguments[1] : null, count > 2
            ? arguments[2] : null, count > 3 ? arguments[3] : null);
    }

    private static void Run<TOp>(
        TOp op, string name, in BroadcastPlan plan, Storage output, Storage x, Storage? y = null, Storage? z = null, Storage? w = null)
        where TOp : unmanaged, IMapOp
    {
        Device device = Arguments.OneDevice(name, output, x, y, z, w);
        DType dtype = CheckFloating(name, Arguments.OneType(name, output, x, y, z, w));
        if (output.Length == 0) return;
        if (device is CpuDevice cpu) RunOnHost(cpu, dtype, op, plan, output, x, y, z, w);
        else RunOnIlgpu((GpuDevice)device, dtype, op, plan, output, x, y, z, w);
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
