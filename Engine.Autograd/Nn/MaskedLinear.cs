using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// A fully connected layer some of whose connections are cut: y = x (W * M) + b, [..., inputs] to [..., outputs], with a mask M of zeros
/// and ones. Where M is 0 the weight takes no part and gets no gradient, whatever it holds, and the output does not
/// depend on the input, be it NaN. The mask is a buffer: saved with the weights,
/// not trained.
/// </summary>
public sealed class MaskedLinear : Module, IFusesActivation
{
    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Features in; at least 1.</param>
    /// <param name="outputs">Features out; at least 1.</param>
    /// <param name="mask">M: [inputs, outputs], 0 where there is no connection and 1 elsewhere.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes <see cref="Initializers.LinearDefault"/>.</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes uniform in +-1 / sqrt(inputs).</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no inputs or no outputs.</exception>
    /// <exception cref="ArgumentException">The mask has another number of elements, or one that is neither 0 nor 1.</exception>
    public MaskedLinear(
        int inputs, int outputs, ReadOnlySpan<float> mask, ModuleOptions options, bool bias = true, Initializer? weightInitializer = null,
        Initializer? biasInitializer = null)
    {
        CheckExtent(inputs);
        CheckExtent(outputs);
        Shape.Of(GetType().Name, inputs, outputs);
        CheckMask(mask, [inputs, outputs]);
        double bound = 1 / Math.Sqrt(inputs);
        Weight = NewParameter("weight", [inputs, outputs], weightInitializer ?? Initializers.LinearDefault, options,
            ParameterLayout.OutputsLast);
        if (bias) Bias = NewParameter("bias", [outputs], biasInitializer ?? Initializers.Uniform(-bound, bound), options);
        Mask = NewBuffer("mask", [inputs, outputs], Initializers.Ones, options);
        SetMask(mask);
    }

    /// <summary>W: [inputs, outputs].</summary>
    public Parameter Weight { get; }

    /// <summary>b: [outputs]; null when the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <summary>M: [inputs, outputs].</summary>
    public Tensor Mask { get; }

    /// <summary>Takes another mask.</summary>
    /// <param name="mask">M: [inputs, outputs], 0 where there is no connection and 1 elsewhere.</param>
    /// <exception cref="ArgumentException">The mask has another number of elements, or one that is neither 0 nor 1.</exception>
    public void SetMask(ReadOnlySpan<float> mask)
    {
        CheckMask(mask, Mask.Shape);
        Mask.Storage.Version++;
        if (Mask.DType == DType.Float32) Mask.Storage.CopyFrom(mask);
        else Mask.Storage.CopyFrom<double>(Array.ConvertAll(mask.ToArray(), connected => (double)connected));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.MaskedLinear(Weight, Mask, Bias, Activation.None);

    /// <summary>y = activation(x (W * M) + b), the bias and the activation in the kernel of the product.</summary>
    public Tensor Forward(Tensor x, Activation activation) => x.MaskedLinear(Weight, Mask, Bias, activation);

    private static void CheckMask(ReadOnlySpan<float> mask, Shape shape)
    {
        if (mask.Length != shape.Count) throw new ArgumentException(
            $"MaskedLinear: a mask {shape} has {shape.Count} elements, found {mask.Length}.");
        int at = mask.IndexOfAnyExcept(0f, 1f);
        if (at >= 0) throw new ArgumentException($"MaskedLinear: a mask holds zeros and ones, found {mask[at]} at element {at}.");
    }
}
