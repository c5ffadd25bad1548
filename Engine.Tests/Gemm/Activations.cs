namespace Engine.Tests.Gemm;

/// <summary>Every activation, with its definition in float64.</summary>
internal static class Activations
{
    internal static readonly Activation[] All =
        [Activation.None, Activation.Relu, Activation.LeakyRelu(0.2), Activation.Tanh, Activation.Sigmoid];

    internal static double Apply(Activation activation, double x) => activation.Kind switch
    {
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.LeakyRelu => x > 0 ? x : activation.Slope * x,
        ActivationKind.Tanh => Math.Tanh(x),
        ActivationKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
        _ => x,
    };

    /// <summary>The derivative at the place where the activation is <paramref name="y"/>.</summary>
    internal static double Derivative(Activation activation, double y) => activation.Kind switch
    {
        ActivationKind.Relu => y > 0 ? 1 : 0,
        ActivationKind.LeakyRelu => y > 0 ? 1 : activation.Slope,
        ActivationKind.Tanh => 1 - (y * y),
        ActivationKind.Sigmoid => y * (1 - y),
        _ => 1,
    };
}
