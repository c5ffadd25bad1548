using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Models.Autoregressive;

namespace Engine.Models.Flow;

/// <summary>
/// z_i = f(x_i; parameters from x_1 ... x_(i-1)), with all parameters from one pass of a masked network (MAF, Papamakarios et al. 2017,
/// arXiv:1705.07057). The density of data takes one pass, a sample as many as there are dimensions; <see cref="Inverted"/> makes it an
/// inverse autoregressive flow.
/// </summary>
public sealed class MaskedAutoregressive : FlowTransform
{
    private readonly MaskedNetwork _network;
    private readonly Bijector _bijector;

    /// <summary>Creates the transform.</summary>
    /// <param name="network">From [batch, n] (and context) to [batch, parameters, n].</param>
    /// <param name="bijector">What is done to each element.</param>
    /// <exception cref="ArgumentException">The network does not give as many parameters as the bijector takes.</exception>
    public MaskedAutoregressive(MaskedNetwork network, Bijector bijector)
    {
        if (network.ParametersPerDimension != bijector.Parameters)
            throw new ArgumentException(
                $"The bijector takes {bijector.Parameters} parameters for each dimension, the network gives "
                + $"{network.ParametersPerDimension}.");
        (_network, _bijector) = (AddModule("network", network), bijector);
    }

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => _bijector.Apply(x, ParametersFrom(x, context));

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        // With each pass one more dimension has its parameters from dimensions that are right already.
        Transformed x = new(Tensor.Zeros(z.Shape, z.DType), z);
        for (int i = 0; i < z.Shape[1]; i++) x = _bijector.Invert(z, ParametersFrom(x.Value, context));
        return x;
    }

    private Tensor ParametersFrom(Tensor x, Tensor? context) =>
        _bijector.Arranged(context is null ? _network.Forward(x) : _network.Forward(x, context));
}
