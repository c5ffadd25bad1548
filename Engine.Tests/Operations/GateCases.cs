using Engine.Kernels;
using static Engine.Tests.Draws;
using static Engine.Tests.Tolerance;

namespace Engine.Tests;

/// <summary>Gated activations.</summary>
internal static class GateCases
{
    internal static IEnumerable<OperationCase> All() => ((Shape[])[[2], [6], [3, 34], [2, 3, 2, 10], [0, 4], [3, 0], [67, 130]]).Select(shape => new OperationCase(
        "Tensor.TanhSigmoidGate",
        $"{shape}",
        [new Input(shape, Any)],
        x => x[0].TanhSigmoidGate(),
        x =>
        {
            int width = shape[-1] / 2;
            Expected y = new(shape.Count / 2);
            for (int i = 0; i < shape.Count / 2; i++)
            {
                int at = (i / width * 2 * width) + (i % width);
                y.Add(i, Math.Tanh(x[0][at]) * References.Sigmoid(x[0][at + width]));
            }

            return y;
        },
        Terms(2)));
}
