namespace Engine.Kernels.Gemm;

/// <summary>A function that a matrix product or a convolution applies to each element of its result before writing it.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="Slope">The slope at negative numbers, at least 0; <see cref="ActivationKind.LeakyRelu"/> alone reads it.</param>
/// <exception cref="ArgumentOutOfRangeException">The slope is negative or NaN.</exception>
public readonly record struct Activation(ActivationKind Kind, double Slope = 0)
{
    /// <summary>
    /// The slope at negative numbers, at least 0: with a negative one the sign of the output would no longer tell that of the input, which
    /// the gradient reads from it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The slope is negative or NaN.</exception>
    public double Slope { get; init => field = Checked(value); } = Checked(Slope);

    /// <summary>x: the default.</summary>
    public static Activation None => default;

    /// <summary>max(x, 0)</summary>
    public static Activation Relu => new(ActivationKind.Relu);

    /// <summary>tanh(x)</summary>
    public static Activation Tanh => new(ActivationKind.Tanh);

    /// <summary>1 / (1 + exp(-x))</summary>
    public static Activation Sigmoid => new(ActivationKind.Sigmoid);

    /// <summary>x where x &gt; 0, <paramref name="slope"/> * x elsewhere.</summary>
    /// <param name="slope">The slope at negative numbers, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slope is negative or NaN.</exception>
    public static Activation LeakyRelu(double slope) => new(ActivationKind.LeakyRelu, slope);

    private static double Checked(double slope) => slope >= 0
        ? slope
        : throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope of an activation at negative numbers must be at least 0.");
}
