namespace Engine.Autograd.Nn;

/// <summary>
/// Group normalisation (Wu and He 2018, arXiv:1803.08494) of images [N, ..., channels], in each image over all positions and the channels
/// of a group. The parameters <c>weight</c> and <c>bias</c> are [channels] each. Training and evaluation are the same.
/// </summary>
public sealed class GroupNorm : Module
{
    private readonly int _groups;
    private readonly double _epsilon;

    /// <summary>Creates the layer.</summary>
    /// <param name="groups">The number of groups, at least 1.</param>
    /// <param name="channels">The number of channels, a multiple of <paramref name="groups"/>.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="epsilon">The constant that is added to the variance; positive and finite.</param>
    /// <param name="affine">False for a layer without weight and bias.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no groups or no channels, or epsilon is not positive and finite.</exception>
    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    public GroupNorm(int groups, int channels, ModuleOptions options, double epsilon = 1e-5, bool affine = true)
    {
        CheckExtent(groups);
        CheckExtent(channels);
        if (channels % groups != 0) throw new ArgumentException(
            $"GroupNorm: expected groups that divide {channels} channels, found {groups}.");
        if (!(epsilon > 0) || double.IsInfinity(epsilon)) throw new ArgumentOutOfRangeException(
            nameof(epsilon), epsilon, $"GroupNorm: epsilon must be positive and finite, found {epsilon}.");
        (_groups, _epsilon) = (groups, epsilon);
        if (!affine) return;
        Weight = NewParameter("weight", [channels], Initializers.Ones, options);
        Bias = NewParameter("bias", [channels], Initializers.Zeros, options);
    }

    internal double Epsilon => _epsilon;

    internal int Groups => _groups;

    /// <summary>What each normalised channel is multiplied by: [channels]; null when the layer is not affine.</summary>
    public Parameter? Weight { get; }

    /// <summary>What is added to each channel: [channels]; null when the layer is not affine.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.GroupNorm(_groups, Weight, Bias, _epsilon);

    /// <summary>silu(GroupNorm(x + shift)), in one kernel.</summary>
    /// <param name="x">Images [N, ..., channels].</param>
    /// <param name="shift">What is added to each channel of each image before, [N, channels]; null for nothing.</param>
    public Tensor ForwardSilu(Tensor x, Tensor? shift = null) => x.GroupNormSilu(_groups, Weight, Bias, shift, _epsilon);
}
