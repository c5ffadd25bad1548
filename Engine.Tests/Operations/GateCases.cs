using Engine.Kernels.Gates;
using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Gated activations, and what makes two halves of a row out of one.</summary>
internal static class GateCases
{
    private static readonly Shape[] s_halves = [[2], [6], [3, 34], [2, 3, 2, 10], [0, 4], [3, 0], [67, 130]];

    internal static IEnumerable<OperationCase> All() =>
    [
        .. s_halves.Select(shape =>
            Gate("TanhSigmoidGate", shape, x => x[0].TanhSigmoidGate(), (a, b) => Math.Tanh(a) * References.Sigmoid(b))),
        .. s_halves.Select(shape => Gate("GatedLinearUnit", shape, x => x[0].GatedLinearUnit(), (a, b) => a * References.Sigmoid(b))),
        .. s_halves.Select(shape =>
            Gate("GatedLinearUnit", shape, x => x[0].GatedLinearUnit(x[1]), (a, b) => a * References.Sigmoid(b), hasResidual: true)),
        .. ((Shape[])[[1], [3], [5, 17], [2, 3, 2, 5], [0, 4], [3, 0], [67, 65]]).Select(ConcatElu),
    ];

    private static OperationCase Gate(
        string name, Shape shape, Func<Tensor[], Tensor> run, Func<double, double, double> gate, bool hasResidual = false) => new(
        $"Tensor.{name}",
        $"{shape}{(hasResidual ? " residual" : "")}",
        hasResidual ? [new Input(shape, Any), new Input(shape.With(-1, shape[-1] / 2), Any)] : [new Input(shape, Any)],
        run,
        x =>
        {
            int width = shape[-1] / 2;
            Expected y = new(shape.Count / 2);
            for (int i = 0; i < shape.Count / 2; i++)
            {
                int at = (i / width * 2 * width) + (i % width);
                if (hasResidual) y.Add(i, x[1][i]);
                y.Add(i, gate(x[0][at], x[0][at + width]));
            }

            return y;
        },
        Terms(hasResidual ? 3 : 2));

    private static OperationCase ConcatElu(Shape shape) => new(
        "Tensor.ConcatElu",
        $"{shape}",
        [new Input(shape, AwayFrom(0))],
        x => x[0].ConcatElu(),
        x =>
        {
            int width = shape[-1];
            Expected y = new(2 * shape.Count);
            for (int i = 0; i < shape.Count; i++)
            {
                int at = (i / width * 2 * width) + (i % width);
                y.Add(at, Elu(x[0][i]));
                y.Add(at + width, Elu(-x[0][i]));
            }

            return y;
        },
        Ulps(3))
    {
        Kinks = "x = 0",
    };

    private static double Elu(double x) => x > 0 ? x : References.Expm1(x);
}
