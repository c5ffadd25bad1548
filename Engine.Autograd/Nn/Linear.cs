using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// A fully connected layer y = x W + b: [..., inputs] to [..., outputs]. The weight is [inputs, outputs], the bias [outputs]; both
/// start uniform in +-1 / sqrt(inputs) by default.
/// </summary>
public sealed class Linear : Module, IWeightedLayer
{
    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Features in; at least 1.</param>
    /// <param name="outputs">Features out; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes <see cref="Initializers.LinearDefault"/>.</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes uniform in +-1 / sqrt(inputs).</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no inputs or no outputs.</exception>
    public Linear(int inputs, int outputs, ModuleOptions options, bool bias = true, Initializer? weightInitializer = null,
        Initializer? biasInitializer = null)
    {
        CheckExtent(inputs);
        CheckExtent(outputs);
        Shape.Of(GetType().Name, inputs, outputs);
        double bound = 1 / Math.Sqrt(inputs);
        Weight = NewParameter("weight", [inputs, outputs], weightInitializer ?? Initializers.LinearDefault, options,
            ParameterLayout.OutputsLast);
        if (bias) Bias = NewParameter("bias", [outputs], biasInitializer ?? Initializers.Uniform(-bound, bound), options);
    }

    /// <summary>W: [inputs, outputs].</summary>
    public Parameter Weight { get; }

    /// <summary>b: [outputs]; null when the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Linear(Weight, Bias);

    /// <summary>y = activation(x W + b), in one kernel.</summary>
    public Tensor Forward(Tensor x, Activation activation) => Forward(x, Weight, activation);

    int IWeightedLayer.OutputAxis => 1;

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Tensor weight, Activation activation) => x.Linear(weight, Bias, activation);
}
