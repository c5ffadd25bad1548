using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Diffusion;

/// <summary>
/// A residual block conditioned on the step: x + conv(silu(norm(conv(silu(norm(x))) + time))), where x goes through a 1 x 1 convolution if
/// the channels change (Ho et al. 2020, arXiv:2006.11239, appendix B). Optionally followed by attention.
/// </summary>
public sealed class UnetBlock : Module
{
    private readonly GroupNorm _norm1, _norm2;
    private readonly Conv2d _conv1, _conv2;
    private readonly Linear _time;
    private readonly Linear? _skip;
    private readonly Dropout? _dropout;
    private readonly SpatialAttention? _attention;

    /// <summary>Creates the block.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="size">Groups, width of the time's vector, dropout.</param>
    /// <param name="attention">Whether attention follows.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public UnetBlock(int inputs, int outputs, UnetOptions size, bool attention, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(size);
        _norm1 = AddModule("norm1", new GroupNorm(size.Groups, inputs, options));
        _conv1 = AddModule("conv1", new Conv2d(inputs, outputs, 3, options, padding: 1));
        _time = AddModule("time", new Linear(size.TimeWidth, outputs, options));
        _norm2 = AddModule("norm2", new GroupNorm(size.Groups, outputs, options));
        if (size.Dropout > 0) _dropout = AddModule("dropout", new Dropout(size.Dropout, options));
        _conv2 = AddModule("conv2", new Conv2d(outputs, outputs, 3, options, padding: 1));
        if (inputs != outputs) _skip = AddModule("skip", new Linear(inputs, outputs, options));
        if (attention) _attention = AddModule("attention", new SpatialAttention(outputs, size.Groups, options));
    }

    /// <summary>The block without a time.</summary>
    public override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>The block: images [samples, height, width, inputs] to [samples, height, width, outputs].</summary>
    /// <param name="x">The images.</param>
    /// <param name="time">silu of the time's vectors, [samples, width]; null for none.</param>
    public Tensor Forward(Tensor x, Tensor? time)
    {
        Tensor h = _conv1.Forward(_norm1.ForwardSilu(x));
        h = _norm2.ForwardSilu(h, time is null ? null : _time.Forward(time));
        if (_dropout is not null) h = _dropout.Forward(h);
        h = _conv2.Forward(h) + (_skip is null ? x : _skip.Forward(x));
        return _attention is null ? h : _attention.Forward(h);
    }
}

/// <summary>
/// Attention of every pixel to every other, with one head and a residual connection: x + W softmax(q kT / sqrt(channels)) v, with q, k and
/// v from the normalised x by 1 x 1 convolutions (Ho et al. 2020, arXiv:2006.11239, appendix B).
/// </summary>
public sealed class SpatialAttention : Module
{
    private readonly GroupNorm _norm;
    private readonly Linear _projections, _output;
    private readonly int _channels;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="groups">Groups of channels that are normalised together.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public SpatialAttention(int channels, int groups, ModuleOptions options)
    {
        _channels = channels;
        _norm = AddModule("norm", new GroupNorm(groups, channels, options));
        _projections = AddModule("projections", new Linear(channels, 3 * channels, options));
        _output = AddModule("output", new Linear(channels, channels, options));
    }

    /// <summary>Images [samples, height, width, channels] to the same shape.</summary>
    public override Tensor Forward(Tensor x)
    {
        Tensor all = _projections.Forward(_norm.Forward(x)).Reshape(x.Shape[0], x.Shape[1] * x.Shape[2], 3 * _channels);
        return x + _output.Forward(all.SelfAttention(heads: 1)).Reshape(x.Shape);
    }
}
