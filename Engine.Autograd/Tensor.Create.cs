using System.Runtime.CompilerServices;
using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// A float32 tensor with these elements, on the open tape's device or else on <paramref name="device"/> or
    /// <see cref="Device.Default"/>.
    /// </summary>
    /// <param name="values">The elements, in row-major order.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="device">The device, where no tape is open; null takes <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">The shape does not have as many elements as there are values.</exception>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape, Device? device = null) => FromSpan(values, shape, device);

    /// <summary>A float64 tensor with these elements; see <see cref="From(ReadOnlySpan{float}, Shape, Device?)"/>.</summary>
    public static Tensor From(ReadOnlySpan<double> values, Shape shape, Device? device = null) => FromSpan(values, shape, device);

    /// <summary>An int32 tensor with these elements; see <see cref="From(ReadOnlySpan{float}, Shape, Device?)"/>.</summary>
    public static Tensor From(ReadOnlySpan<int> values, Shape shape, Device? device = null) => FromSpan(values, shape, device);

    /// <summary>A tensor of one value.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="value">The value of every element.</param>
    /// <param name="dtype">The type of the elements.</param>
    /// <param name="device">The device, where no tape is open; null takes <see cref="Device.Default"/>.</param>
    public static Tensor Full(Shape shape, double value, DType dtype = DType.Float32, Device? device = null) =>
        Filled(nameof(Full), shape, value, dtype, device);

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, DType dtype = DType.Float32, Device? device = null) =>
        Filled(nameof(Zeros), shape, 0, dtype, device);

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(Shape shape, DType dtype = DType.Float32, Device? device = null) =>
        Filled(nameof(Ones), shape, 1, dtype, device);

    /// <summary>Values drawn uniformly from [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public static Tensor Uniform(
        Shape shape, RandomStream random, double low = 0, double high = 1, DType dtype = DType.Float32, Device? device = null)
    {
        Tensor tensor = Empty(shape, dtype, device);
        RandomUniform.Run(tensor.Storage, low, high, random.Key, random.Reserve(shape.Count));
        Tape.Current?.Trace?.Refuse(tensor, nameof(Uniform));
        return tensor;
    }

    /// <summary>Values drawn from the normal distribution N(mean, deviation²).</summary>
    public static Tensor Normal(
        Shape shape, RandomStream random, double mean = 0, double deviation = 1, DType dtype = DType.Float32, Device? device = null)
    {
        Tensor tensor = Empty(shape, dtype, device);
        RandomNormal.Run(tensor.Storage, mean, deviation, random.Key, random.Reserve(shape.Count));
        Tape.Current?.Trace?.Refuse(tensor, nameof(Normal));
        return tensor;
    }

    /// <summary>Ones with probability <paramref name="probability"/>, zeros otherwise.</summary>
    public static Tensor Bernoulli(Shape shape, RandomStream random, double probability, DType dtype = DType.Float32, Device? device = null)
    {
        Tensor tensor = Empty(shape, dtype, device);
        RandomBernoulli.Run(tensor.Storage, (float)probability, random.Key, random.Reserve(shape.Count));
        Tape.Current?.Trace?.Refuse(tensor, nameof(Bernoulli));
        return tensor;
    }

    /// <summary>A tensor whose elements are not set yet: on the open tape, or standing alone where none is open.</summary>
    internal static Tensor Empty(Shape shape, DType dtype, Device? device, [CallerMemberName] string operation = "")
    {
        RunningOperation.Begin("a new tensor");
        CheckShape(operation, shape);
        if (!Enum.IsDefined(dtype)) throw new ArgumentOutOfRangeException(
            nameof(dtype), dtype, $"{operation}: expected an element type, found {dtype}.");
        Tape? tape = Tape.Current;
        if (tape is not null && device is not null && !ReferenceEquals(tape.Device, device))
            throw new ArgumentException(
                $"{operation}: expected the device of the open tape, '{tape.Device.Name}', found "
                + $"'{device.Name}'{(device.Name == tape.Device.Name ? ", another of that name" : "")}.");
        device ??= tape?.Device ?? Device.Default;
        return new Tensor(
            tape is null ? device.Allocate(dtype, shape.Count) : device.AllocateOwned(dtype, shape.Count), shape, tape);
    }

    /// <summary>The default of <see cref="Kernels.Shape"/> is none: it has no axis, as a scalar, and no element.</summary>
    private static void CheckShape(string operation, Shape shape)
    {
        if (shape.Rank == 0 && shape.Count == 0) throw new ArgumentException(
            $"{operation}: expected a shape, found the default of {nameof(Kernels.Shape)}, which is none; a scalar is [].");
    }

    private static Tensor Filled(string operation, Shape shape, double value, DType dtype, Device? device)
    {
        Tensor tensor = Empty(shape, dtype, device, operation);
        Move.Fill(tensor.Storage, value);
        return tensor;
    }

    private static Tensor FromSpan<T>(ReadOnlySpan<T> values, Shape shape, Device? device) where T : unmanaged
    {
        if (values.Length != shape.Count) throw new ArgumentException(
            $"From: shape {shape} has {shape.Count} elements, found {values.Length} values.");
        Tensor tensor = Empty(shape, DTypes.Of<T>(), device, nameof(From));
        tensor.Storage.CopyFrom(values);
        return tensor;
    }
}
