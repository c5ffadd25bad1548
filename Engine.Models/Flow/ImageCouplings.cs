using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Gates;

namespace Engine.Models.Flow;

/// <summary>
/// An affine coupling of images [batch, h, w, c] that changes one half of the channels by what a network sees of the other half (Dinh et
/// al. 2016, arXiv:1605.08803, section 3.4). After a <see cref="Squeeze"/> in the order of a checkerboard it is the coupling of a
/// checkerboard, at a quarter of the pixels. The log-scale is bounded by a trained value for each channel, s = f tanh(raw / f).
/// </summary>
public sealed class ChannelCoupling : FlowTransform
{
    private readonly Module _network;
    private readonly bool _changesFirst;

    /// <summary>Creates the coupling.</summary>
    /// <param name="network">From [batch, h, w, c / 2] (followed by the context's channels) to [batch, h, w, c]: raw log-scales,
    /// shifts.</param>
    /// <param name="channels">c, which is even.</param>
    /// <param name="changesFirst">Whether the first half changes, or the second.</param>
    /// <param name="options">Device, element type and random stream.</param>
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

/// <summary>
/// An affine coupling of images [batch, h, w, c] in which a mask says what a network sees and what it changes (Dinh et al. 2016,
/// arXiv:1605.08803, equation 9). The log-scale is bounded by a trained value for each channel, s = f tanh(raw / f).
/// </summary>
public sealed class MaskedImageCoupling : FlowTransform
{
    private readonly Module _network;
    private readonly Tensor _active;

    /// <summary>Creates the coupling with the mask of a checkerboard.</summary>
    /// <param name="network">From [batch, h, w, c] with zeros where pixels change (followed by the context's channels) to [batch, h, w, 2
    /// c]: raw log-scales, shifts.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">Channels of an image.</param>
    /// <param name="changesEven">Whether pixels change whose row and column add up to an even number; the others otherwise.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public MaskedImageCoupling(Module network, int height, int width, int channels, bool changesEven, ModuleOptions options)
    {
        _network = AddModule("network", network);
        LogBound = NewParameter("log_bound", [channels], Initializers.Zeros, options);
        _active = NewBuffer("active", [height, width, channels], (storage, shape, _) => Fill(storage, shape, changesEven), options);
    }

    /// <summary>log f: [channels].</summary>
    public Parameter LogBound { get; }

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) =>
        Bijection.Affine(x, ParametersFrom(x, context), LogBound.Exp(), _active);

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) =>
        Bijection.Affine(z, ParametersFrom(z, context), LogBound.Exp(), _active, inverse: true);

    // What does not change is the same before and after, so the network says the same of both.
    private Tensor ParametersFrom(Tensor x, Tensor? context)
    {
        Tensor seen = x * (1 - _active);
        return _network.Forward(context is null ? seen : Tensor.Concat(-1, seen, context));
    }

    private static void Fill(Storage storage, Shape shape, bool changesEven)
    {
        double[] active = new double[shape.Count];
        for (int i = 0; i < active.Length; i++)
        {
            int pixel = i / shape[2], row = pixel / shape[1], column = pixel % shape[1];
            active[i] = (row + column) % 2 == 0 == changesEven ? 1 : 0;
        }

        if (storage.DType == DType.Float64) storage.CopyFrom<double>(active);
        else storage.CopyFrom<float>(Array.ConvertAll(active, v => (float)v));
    }
}

/// <summary>
/// The network of an image coupling: a convolution to hidden channels, gated residual blocks x + a sigmoid(b) each with a normalisation of
/// the channels of every pixel, and a convolution that begins at zero, so that the coupling begins as the identity (after Ho et al. 2019,
/// arXiv:1902.00275; the sizes are those of the UvA tutorial on flows). The activation is elu of x and of -x, side by side.
/// </summary>
public sealed class GatedConvolutions : Module
{
    private readonly Conv2d _first, _last;
    private readonly (Conv2d Wide, Conv2d Narrow, LayerNorm Norm)[] _blocks;

    /// <summary>Creates the network, with kernels of 3 x 3.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="hidden">Hidden channels.</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="blocks">Residual blocks.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public GatedConvolutions(int inputs, int hidden, int outputs, int blocks, ModuleOptions options)
    {
        _first = AddModule("first", new Conv2d(inputs, hidden, 3, options, padding: ConvPadding.Same));
        _blocks = new (Conv2d, Conv2d, LayerNorm)[blocks];
        for (int i = 0; i < blocks; i++)
        {
            string name = i.ToString(CultureInfo.InvariantCulture);
            _blocks[i] = (
                AddModule($"{name}_wide", new Conv2d(2 * hidden, hidden, 3, options, padding: ConvPadding.Same)),
                AddModule($"{name}_narrow", new Conv2d(2 * hidden, 2 * hidden, 1, options)),
                AddModule($"{name}_norm", new LayerNorm(hidden, options)));
        }

        _last = AddModule("last",
            new Conv2d(2 * hidden, outputs, 3, options, padding: ConvPadding.Same, weightInitializer: Initializers.Zeros,
                biasInitializer: Initializers.Zeros));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        x = _first.Forward(x);
        foreach ((Conv2d wide, Conv2d narrow, LayerNorm norm) in _blocks)
            x = norm.Forward(narrow.Forward(wide.Forward(x.ConcatElu()).ConcatElu()).GatedLinearUnit(residual: x));
        return _last.Forward(x.ConcatElu());
    }
}
