namespace Engine.Autograd.Nn;

/// <summary>
/// Instance normalisation (Ulyanov et al. 2016, arXiv:1607.08022) of images [N, ..., channels], of each channel of each image over all
/// positions. The parameters <c>weight</c> and <c>bias</c> are [channels] each. Training and evaluation are the same.
/// </summary>
public sealed class InstanceNorm : Module
{
    private readonly int _channels;
    private readonly double _epsilon;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">The number of channels, at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="epsilon">The constant that is added to the variance; positive and finite.</param>
    /// <param name="affine">False for a layer without weight and bias.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels, or epsilon is not positive and finite.</exception>
    public InstanceNorm(int channels, ModuleOptions options, double epsilon = 1e-5, bool affine = true)
    {
        CheckExtent(channels);
        if (!(epsilon > 0) || double.IsInfinity(epsilon)) throw new ArgumentOutOfRangeException(
            nameof(epsilon), epsilon, $"InstanceNorm: epsilon must be positive and finite, found {epsilon}.");
        (_channels, _epsilon) = (channels, epsilon);
        if (!affine) return;
        Weight = NewParameter("weight", [channels], Initializers.Ones, options);
        Bias = NewParameter("bias", [channels], Initializers.Zeros, options);
    }

    internal double Epsilon => _epsilon;

    internal int Channels => _channels;

    /// <summary>What each normalised channel is multiplied by: [channels]; null when the layer is not affine.</summary>
    public Parameter? Weight { get; }

    /// <summary>What is added to each channel: [channels]; null when the layer is not affine.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The images have another number of channels.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank < 2 || x.Shape[-1] != _channels) throw new ArgumentException(
            $"InstanceNorm: expected images [N, ..., {_channels}], found shape {x.Shape}.");
        return x.InstanceNorm(Weight, Bias, _epsilon);
    }
}
