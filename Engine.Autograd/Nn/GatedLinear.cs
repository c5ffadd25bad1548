namespace Engine.Autograd.Nn;

/// <summary>
/// A fully connected layer behind a gate: y = (x V + b) sigmoid(x W + c), [..., inputs] to [..., outputs] (Dauphin et al. 2016,
/// arXiv:1612.08083, section 2). Both products are one: the weight of its part <c>linear</c> is [inputs, 2 outputs], V beside W.
/// </summary>
public sealed class GatedLinear : Module
{
    private readonly Linear _linear;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Features in; at least 1.</param>
    /// <param name="outputs">Features out; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes that of <see cref="Linear"/>.</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes that of <see cref="Linear"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no inputs or no outputs.</exception>
    public GatedLinear(
        int inputs, int outputs, ModuleOptions options, Initializer? weightInitializer = null, Initializer? biasInitializer = null)
    {
        CheckExtent(inputs);
        CheckExtent(outputs);
        Kernels.Shape.Of(nameof(GatedLinear), inputs, 2, outputs);
        _linear = AddModule("linear", new Linear(inputs, 2 * outputs, options, true, weightInitializer, biasInitializer));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The innermost axis is not that of the inputs.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        int inputs = _linear.Weight.Shape[0];
        if (x.Shape.Rank < 1 || x.Shape[-1] != inputs) throw new ArgumentException(
            $"GatedLinear: expected [..., {inputs}], found {x.Shape}.");
        Tape.OpenFloating(nameof(GatedLinear), x, _linear.Weight);
        return _linear.Forward(x).GatedLinearUnit();
    }
}
