namespace Engine.Autograd.Nn;

/// <summary>
/// Multi-head attention of a sequence to itself (Vaswani et al. 2017, arXiv:1706.03762): [batch, time, channels] to the same. One
/// projection to queries, keys and values of all heads, which attend in one kernel, and one of what they found. The parts are
/// <c>projection</c> and <c>output</c>.
/// </summary>
public sealed class MultiHeadAttention : Module
{
    private readonly Linear _projection, _output;
    private readonly bool _causal;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">The features of a position; at least 1.</param>
    /// <param name="heads">How many heads attend side by side; divides the channels.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="causal">Whether a position attends to itself and those before it only.</param>
    /// <param name="bias">False for projections without a bias.</param>
    /// <param name="weightInitializer">The initialiser of the weight of the projection; null takes
    /// <see cref="Initializers.LinearDefault"/>.</param>
    /// <param name="outputInitializer">The initialiser of the weight of the output; null takes
    /// <see cref="Initializers.LinearDefault"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels or no heads.</exception>
    /// <exception cref="ArgumentException">The heads do not divide the channels.</exception>
    public MultiHeadAttention(
        int channels, int heads, ModuleOptions options, bool causal = false, bool bias = true, Initializer? weightInitializer = null,
        Initializer? outputInitializer = null)
    {
        CheckExtent(channels);
        CheckExtent(heads);
        if (channels % heads != 0) throw new ArgumentException(
            $"MultiHeadAttention: expected heads that divide {channels} channels, found {heads}.");
        Kernels.Shape.Of(nameof(MultiHeadAttention), channels, 3, channels);
        (Channels, Heads, _causal) = (channels, heads, causal);
        _projection = AddModule("projection", new Linear(channels, 3 * channels, options, bias, weightInitializer));
        _output = AddModule("output", new Linear(channels, channels, options, bias, outputInitializer));
    }

    /// <summary>The features of a position.</summary>
    public int Channels { get; }

    /// <summary>How many heads attend side by side.</summary>
    public int Heads { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => _output.Forward(Projected(x).SelfAttention(Heads, _causal));

    /// <summary>The next positions of a sequence whose earlier ones a cache holds; it holds these too afterwards.</summary>
    /// <param name="x">[batch, positions, channels].</param>
    /// <param name="cache">What this layer has seen; a causal one.</param>
    /// <exception cref="InvalidOperationException">The layer is not causal, or the open tape records.</exception>
    /// <exception cref="ArgumentException">The shape does not fit, or the cache has no room.</exception>
    public Tensor Forward(Tensor x, KeyValueCache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        if (!_causal) throw new InvalidOperationException(
            "MultiHeadAttention: expected a causal layer, found one that is not: a cache holds earlier positions only.");
        return _output.Forward(cache.Attend(nameof(MultiHeadAttention), Projected(x), Heads));
    }

    private Tensor Projected(Tensor x)
    {
        if (x.Shape.Rank != 3 || x.Shape[1] < 1 || x.Shape[2] != Channels) throw new ArgumentException(
            $"MultiHeadAttention: expected [batch, time, {Channels}] with at least one position, found {x.Shape}.");
        Tape.OpenFloating(nameof(MultiHeadAttention), x, _projection.Weight);
        return _projection.Forward(x);
    }
}
