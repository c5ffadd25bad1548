using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Diffusion;

/// <summary>
/// Attention of every pixel to every other, with one head and a residual connection: x + W softmax(q kT / sqrt(channels)) v, with q, k and
/// v from the normalised x by 1 x 1 convolutions (Ho et al. 2020, arXiv:2006.11239, appendix B).
/// </summary>
public sealed class SpatialAttention : Module
{
    private readonly GroupNorm _norm;
    private readonly Linear _projections, _output;
    private readonly int _channels;

    /// <summary>Makes the layer.</summary>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="groups">Groups of channels that are normalised together.</param>
    /// <param name="options">Device, type and randomness.</param>
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
