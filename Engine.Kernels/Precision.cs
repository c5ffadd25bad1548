namespace Engine.Kernels;

/// <summary>
/// How exactly matrix products and convolutions multiply. Sums are float32 in each, and everything else is computed in float32 whatever is
/// asked for.
/// </summary>
public enum Precision
{
    /// <summary>Float32 multiplications. Nothing less exact is ever used unless it is asked for.</summary>
    Float32,

    /// <summary>
    /// Operands may be rounded to TF32, 8 bits of exponent and 10 of fraction, for the tensor cores of NVIDIA's cards from sm_80 on: a
    /// relative error of 2^-11 in each. Devices without them compute in float32.
    /// </summary>
    Tf32,

    /// <summary>
    /// Operands may be stored as bfloat16, 8 bits of exponent and 7 of fraction, for the same tensor cores, at twice the rate: a relative
    /// error of 2^-8 in each. Devices without them compute in float32.
    /// </summary>
    BFloat16,
}
