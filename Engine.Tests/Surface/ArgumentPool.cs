using System.Reflection;
using Module = Engine.Autograd.Nn.Module;
using Engine.Kernels.Conv;
using Engine.Kernels.Flows;
using Engine.Kernels.Pool;

namespace Engine.Tests.Surface;

/// <summary>Good and bad values for parameters of each type.</summary>
/// <param name="device">Where tensors are.</param>
/// <param name="other">Another device.</param>
/// <param name="random">What chooses among them.</param>
internal sealed class ArgumentPool(Device device, Device other, Random random)
{
    private static readonly Shape[] s_shapes =
        [[], [0], [1], [2], [3], [6], [2, 3], [3, 2], [2, 2], [0, 3], [2, 0], [1, 6], [2, 6], [3, 6], [2, 3, 6], [2, 3, 8], [0, 3, 6],
            [2, 0, 6], [1, 4, 4, 2], [2, 3, 4, 6], [3, 3, 2, 2], [1, 3, 2, 8], [0, 4, 4, 2], [1, 0, 4, 2], [1, 4, 4, 0],
            [1, 1, 1, 1, 1, 2]];

    /// <summary>A tensor of any shape, float32 three times of four, on the device three times of four.</summary>
    internal Tensor Tensor()
    {
        Shape shape = s_shapes[random.Next(s_shapes.Length)];
        DType type = random.Next(8) switch { 0 => DType.Int32, 1 => DType.Float64, _ => DType.Float32 };
        return Make(shape, type, random.Next(8) == 0 ? other : device);
    }

    /// <summary>A tensor of one of these shapes and of float32 on the device, or any.</summary>
    internal Tensor Make(Shape shape, DType type, Device on)
    {
        Storage storage = on.Allocate(type, shape.Count);
        Move.Fill(storage, type == DType.Int32 ? 1 : 0.5);
        return new Tensor(storage, shape, null);
    }

    /// <summary>A value for a parameter; null now and then where the signature allows it.</summary>
    internal object? For(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        if (parameter.IsOut) return null;
        if (Nullable.GetUnderlyingType(type) is { } inner) return random.Next(2) == 0 ? null : Of(inner);
        if (!type.IsValueType && !PublicMember.IsSpan(type))
        {
            bool isOptional = new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable;
            if (isOptional && random.Next(2) == 0) return null;
        }

        return Of(type.IsByRef ? type.GetElementType()! : type);
    }

    private T Pick<T>(params T[] values) => values[random.Next(values.Length)];

    private object Of(Type type)
    {
        if (type == typeof(Tensor)) return Tensor();
        if (type == typeof(int)) return Pick(-3, -1, 0, 1, 1, 2, 2, 3, 4, int.MinValue, int.MaxValue);
        if (type == typeof(double)) return Pick(double.NaN, -1.0, 0, 1e-5, 0.5, 1, 2, double.PositiveInfinity);
        if (type == typeof(AxisIndex)) return Pick<AxisIndex>(0, 1, 3, ^1, ^3, .., 1.., 1..^1, 2..1, 0..5);
        if (type == typeof(bool)) return Pick(false, true);
        if (type == typeof(Shape)) return Pick<Shape>([default, .. s_shapes]);
        if (type == typeof(RandomStream)) return new RandomStream(1);
        if (type == typeof(NoiseSchedule)) return Pick(NoiseSchedule.Linear(5), NoiseSchedule.Cosine(1));
        if (type == typeof(Device)) return Pick(device, device, other);
        if (type == typeof(Activation)) return Pick(default, Activation.Relu, Activation.Tanh, new Activation((ActivationKind)99));
        if (type == typeof(PoolWindow)) return Pick(default, PoolWindow.Square(2), PoolWindow.Square(3, 1, 1),
            PoolWindow.Square(int.MaxValue, int.MaxValue, 1), PoolWindow.Square(2, 0, 5), PoolWindow.Square(-1));
        if (type == typeof(Conv2dPadding)) return Pick(default, Conv2dPadding.All(1), Conv2dPadding.Symmetric(0, 3));
        if (type == typeof(ConvPadding)) return Pick<ConvPadding>(default, 1, ConvPadding.Same);
        if (type == typeof(Conv2dOptions)) return Pick<Conv2dOptions>(default, new(2), new(1, 1), new(1, 0, 2), new(1, 0, 1, 2),
            new(2, ConvPadding.Same), new(int.MaxValue, 0, int.MaxValue, int.MaxValue));
        if (type == typeof((int, int))) return Pick((0, 0), (1, 1), (3, 3), (-1, 2), (3, 0), (int.MaxValue, int.MaxValue));
        if (type == typeof(SplineShape)) return Pick(default, new SplineShape(1, 2), new SplineShape(3, -1), new SplineShape(0, 1),
            new SplineShape(int.MaxValue, 1));
        if (type == typeof(ModuleOptions)) return new ModuleOptions(new RandomStream(1), device);
        if (type == typeof(Module)) return Pick<Module>(new Autograd.Nn.Relu(), new Linear(2, 6, ModuleOptions.FromSeed(1, device)),
            new Autograd.Nn.Conv2d(2, 3, 1, ModuleOptions.FromSeed(1, device)));
        if (type == typeof(Initializer)) return Initializers.Ones;
        if (type == typeof(KeyValueCache)) return new KeyValueCache(Pick(1, 2), 4, Pick(2, 6), device);
        if (type == typeof(LstmState)) return new LstmState(Tensor(), Tensor());
        if (type == typeof(Kernels.Elementwise.Relu)) return default(Kernels.Elementwise.Relu);
        if (type == typeof(Func<Tensor, Tensor, Tensor, Tensor>))
            return (Func<Tensor, Tensor, Tensor, Tensor>)((g, _, _) => g);
        if (type.IsEnum)
        {
            Array values = Enum.GetValues(type);
            int place = random.Next(values.Length + 1);
            return place < values.Length ? values.GetValue(place)! : Enum.ToObject(type, 99);
        }

        if (PublicMember.IsSpan(type))
        {
            Type element = type.GetGenericArguments()[0];
            Array array = Array.CreateInstance(element, Pick(0, 1, 2, 3, 6));
            for (int i = 0; i < array.Length; i++)
                array.SetValue(element == typeof(float) ? Pick(0f, 1f) : element == typeof(Module) ? new Autograd.Nn.Relu()
                    : Of(element), i);
            return array;
        }

        throw new NotSupportedException(
            $"ArgumentPool has no values of {type}: add some, so that the walk over the public surface goes on.");
    }
}
