namespace Engine.Kernels.Gemm;

/// <summary>A function that a matrix product or a convolution applies to each element of its result before writing it.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="Slope">The slope at negative inputs, at least 0; only <see cref="ActivationKind.LeakyRelu"/> reads it.</param>
/// <exception cref="ArgumentOutOfRangeException">The slope is negative or NaN.</exception>
public readonly record struct Activation(ActivationKind Kind, double Slope = 0)
{
    /// <summary>
    /// The slope at negative inputs, at least 0: with a negative slope the sign of the output would no longer be that of the input, from
    /// which the gradient is computed.
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
    /// <param name="slope">The slope at negative inputs, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slope is negative or NaN.</exception>
    public static Activation LeakyRelu(double slope) => new(ActivationKind.LeakyRelu, slope);

    /// <summary>Calls a visitor with the operations of this activation; <see cref="Identity"/> for a kind that does not exist.</summary>
    internal void Accept<TVisitor>(TVisitor visitor) where TVisitor : struct, IActivationVisitor
    {
        switch (Kind)
        {
            case ActivationKind.Relu: visitor.Visit(default(Relu), default(ReluGradient)); break;
            case ActivationKind.LeakyRelu: visitor.Visit(new LeakyRelu(Slope), new LeakyReluGradient(Slope)); break;
            case ActivationKind.Tanh: visitor.Visit(default(Tanh), default(TanhGradient)); break;
            case ActivationKind.Sigmoid: visitor.Visit(default(Sigmoid), default(SigmoidGradient)); break;
            default: visitor.Visit(default(Identity), default(IdentityGradient)); break;
        }
    }

    private static double Checked(double slope) => slope >= 0
        ? slope
        : throw new ArgumentOutOfRangeException(nameof(slope), slope, $"Activation: expected a slope of at least 0, found {slope}.");
}

/// <summary>The function that an <see cref="Activation"/> applies to each element.</summary>
public enum ActivationKind
{
    /// <summary>x</summary>
    None,

    /// <summary>max(x, 0)</summary>
    Relu,

    /// <summary>x where x &gt; 0, slope * x elsewhere.</summary>
    LeakyRelu,

    /// <summary>tanh(x)</summary>
    Tanh,

    /// <summary>1 / (1 + exp(-x))</summary>
    Sigmoid,
}

/// <summary>Work that takes an activation as a type, so that the compiler makes code of its own for each.</summary>
internal interface IActivationVisitor
{
    /// <summary>Does the work with a function y = f(x).</summary>
    /// <param name="function">f.</param>
    /// <param name="gradient">From the gradient of y and y itself to the gradient of x.</param>
    void Visit<TOp, TGradient>(TOp function, TGradient gradient)
        where TOp : unmanaged, IUnaryOp
        where TGradient : unmanaged, IBinaryOp;
}
