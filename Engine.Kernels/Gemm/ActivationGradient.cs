using Engine.Kernels.Devices;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;

namespace Engine.Kernels.Gemm;

/// <summary>
/// The way back through y = activation(s), s = x W + b: the gradient of s and, from the same walk over memory, that of the bias b, which is
/// the sums of its columns. Of float or double. Sums run in an order that depends on the shape and the width of the vectors alone: the
/// number of threads never changes a bit.
/// </summary>
public static partial class ActivationGradient
{
    /// <summary>result = gradient * activation'(s), with the derivative from y = activation(s), and the sums of its columns.</summary>
    /// <param name="gradient">The gradient of y, <paramref name="rows"/> x <paramref name="columns"/>.</param>
    /// <param name="output">y, of the same shape; not read for <see cref="ActivationKind.None"/>.</param>
    /// <param name="activation">The activation that gave y.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="result">Receives the gradient of s; may be <paramref name="gradient"/>.</param>
    /// <param name="columnSums">Receives the sum of each column of the result, unless it is null.</param>
    /// <exception cref="ArgumentException">The sums have no storage of their own, or devices, types or lengths do not match.</exception>
    public static void Run(Storage gradient, Storage output, Activation activation, int rows, int columns, Storage result,
        Storage? columnSums = null)
    {
        const string Operation = "ActivationGradient";
        Arguments.OneDevice(Operation, gradient, output, result, columnSums);
        DType dtype = Arguments.OneType(Operation, gradient, output, result, columnSums);
        if (dtype == DType.Int32) throw new ArgumentException(
            $"{Operation}: the gradient must be {DType.Float32} or {DType.Float64}, found {dtype}.");
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        long length = (long)rows * columns;
        Arguments.Length(Operation, nameof(gradient), gradient, length);
        Arguments.Length(Operation, nameof(output), output, length);
        Arguments.Length(Operation, nameof(result), result, length);
        if (columnSums is not null)
        {
            Arguments.Length(Operation, nameof(columnSums), columnSums, columns);
            if (ReferenceEquals(columnSums, gradient) || ReferenceEquals(columnSums, output) || ReferenceEquals(columnSums, result))
                throw new ArgumentException($"{Operation}: the sums of the columns need a storage of their own.");
        }

        switch (activation.Kind)
        {
            case ActivationKind.Relu: Run(new LeakyReluGradient(0), gradient, output, rows, columns, result, columnSums); break;
            case ActivationKind.LeakyRelu: Run(
                new LeakyReluGradient(activation.Slope), gradient, output, rows, columns, result, columnSums); break;
            case ActivationKind.Tanh: Run(default(TanhGradient), gradient, output, rows, columns, result, columnSums); break;
            case ActivationKind.Sigmoid: Run(default(SigmoidGradient), gradient, output, rows, columns, result, columnSums); break;
            default:
                if (!ReferenceEquals(gradient, result)) Move.Copy(gradient, result);
                if (columnSums is not null) Run(default(Identity), gradient, gradient, rows, columns, gradient, columnSums);
                break;
        }
    }

    /// <summary>g</summary>
    internal readonly struct Identity : IBinaryOp
    {
        public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => g;
    }

    private static void Run<TOp>(TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage? sums)
        where TOp : unmanaged, IBinaryOp
    {
        Shape flat = new(gradient.Length);
        if (sums is null) Map.Binary(gradient, flat, output, flat, result, flat, op);
        else if (gradient.Length == 0) Move.Fill(sums, 0);
        else if (gradient.Device is CpuDevice cpu) RunOnHost(cpu, op, gradient, output, rows, columns, result, sums);
        else RunOnIlgpu((GpuDevice)gradient.Device, op, gradient, output, rows, columns, result, sums);
    }
}
