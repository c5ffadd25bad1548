namespace Engine.Kernels;

/// <summary>A function that a matrix product or a convolution applies to each element of its result before writing it.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="Slope">The slope at negative numbers; <see cref="ActivationKind.LeakyRelu"/> alone reads it.</param>
public readonly record struct Activation(ActivationKind Kind, float Slope = 0)
{
    /// <summary>x: the default.</summary>
    public static Activation None => default;

    /// <summary>max(x, 0)</summary>
    public static Activation Relu => new(ActivationKind.Relu);

    /// <summary>tanh(x)</summary>
    public static Activation Tanh => new(ActivationKind.Tanh);

    /// <summary>1 / (1 + exp(-x))</summary>
    public static Activation Sigmoid => new(ActivationKind.Sigmoid);

    /// <summary>x where x &gt; 0, <paramref name="slope"/> * x elsewhere.</summary>
    public static Activation LeakyRelu(float slope) => new(ActivationKind.LeakyRelu, slope);
}
