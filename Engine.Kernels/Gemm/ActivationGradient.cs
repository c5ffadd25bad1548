using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Movement;

namespace Engine.Kernels.Gemm;

/// <summary>
/// The gradient of y = activation(s), s = x W + b, for s and, in the same pass over memory, for the bias b, whose gradient is the sum of
/// each column. Float or double. The order of the sums depends only on the shape and the width of the vectors: the number of threads never
/// changes a bit.
/// </summary>
public static class ActivationGradient
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
        Arguments.OneType(Operation, gradient, output, result, columnSums);
        Arguments.Floating(Operation, "the gradient", gradient);
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

        if (activation.Kind == ActivationKind.None)
        {
            if (!ReferenceEquals(gradient, result)) Move.Copy(gradient, result);
            if (columnSums is not null) new Dispatch(gradient, gradient, rows, columns, gradient, columnSums)
                .Run(default(IdentityGradient));
            return;
        }

        activation.Accept(new Dispatch(gradient, output, rows, columns, result, columnSums));
    }

    private readonly struct Dispatch(Storage gradient, Storage output, int rows, int columns, Storage result, Storage? sums)
        : IActivationVisitor
    {
        public void Visit<TOp, TGradient>(TOp function, TGradient op)
            where TOp : unmanaged, IUnaryOp
            where TGradient : unmanaged, IBinaryOp => Run(op);

        internal void Run<TOp>(TOp op) where TOp : unmanaged, IBinaryOp
        {
            Shape flat = new(gradient.Length);
            if (sums is null) Map.Binary(gradient, flat, output, flat, result, flat, op);
            else if (gradient.Length == 0) Move.Fill(sums, 0);
            else LaneDispatch.Run(
                gradient.Device, gradient.DType, new HostActivationGradient.Pass<TOp>(op, gradient, output, rows, columns, result, sums),
                new GpuActivationGradient.Pass<TOp>(op, gradient, output, rows, columns, result, sums));
        }
    }
}
