using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;

namespace Engine.Models.Flow;

/// <summary>
/// An affine coupling of images [batch, h, w, c] that changes one half of the channels by what a network sees of the other half (Dinh et
/// al. 2016, arXiv:1605.08803, section 3.4). Behind a <see cref="Squeeze"/> in the order of a checkerboard it is the coupling of a
/// checkerboard, at a quarter of the pixels. The log-scale is bounded by a trained number for each channel, s = f tanh(raw / f).
/// </summary>
public sealed class ChannelCoupling : FlowTransform
{
    private readonly Module _network;
    private readonly bool _changesFirst;

    /// <summary>Makes the coupling.</summary>
    /// <param name="network">From [batch, h, w, c / 2] (and the context's channels behind) to [batch, h, w, c]: raw log-scales,
    /// shifts.</param>
    /// <param name="channels">c, which is even.</param>
    /// <param name="changesFirst">Whether the first half changes, or the second.</param>
    /// <param name="options">Device, type and randomness.</param>
    /// <exception cref="ArgumentException">The channels are not even.</exception>
    public ChannelCoupling(Module network, int channels, bool changesFirst, ModuleOptions options)
    {
        if (channels < 2 || channels % 2 != 0) throw new ArgumentException(
            $"A coupling of channels needs an even number of them, found {channels}.");
        (_network, _changesFirst) = (AddModule("network", network), changesFirst);
        LogBound = NewParameter("log_bound", [channels / 2], Initializers.Zeros, options);
    }

    /// <summary>log f: [channels / 2].</summary>
    public Parameter LogBound { get; }

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => Run(x, context, inverse: false);

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) => Run(z, context, inverse: true);

    private Transformed Run(Tensor x, Tensor? context, bool inverse)
    {
        int half = x.Shape[-1] / 2;
        Tensor changing = x.Slice(-1, _changesFirst ? 0 : half, half), seen = x.Slice(-1, _changesFirst ? half : 0, half);
        Tensor parameters = _network.Forward(context is null ? seen : Tensor.Concat(-1, seen, context));
        Transformed changed = Bijection.Affine(changing, parameters, LogBound.Exp(), inverse: inverse);
        return changed with { Value = _changesFirst ? Tensor.Concat(-1, changed.Value, seen) : Tensor.Concat(-1, seen, changed.Value) };
    }
}
