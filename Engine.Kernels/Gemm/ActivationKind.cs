namespace Engine.Kernels.Gemm;

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
