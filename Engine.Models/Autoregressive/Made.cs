using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Pixels;

namespace Engine.Models.Autoregressive;

/// <summary>
/// MADE, a masked autoencoder for distribution estimation (Germain et al. 2015, arXiv:1502.03509), of binary vectors:
/// p(x) = product over d of p(x_d | x before d), all the conditionals from one pass through a <see cref="MaskedNetwork"/>. With several
/// masks the same weights are trained for all of them, and what is estimated is the mean of their densities.
/// </summary>
public sealed class Made : Module, IPixelModel
{
    private readonly AutoregressiveMasks[] _masks;
    private readonly MaskedNetwork _network;

    /// <summary>Creates the model.</summary>
    /// <param name="pixels">Dimensions of a vector.</param>
    /// <param name="widths">Units of each hidden layer.</param>
    /// <param name="options">Device, element type and random stream, which the degrees of hidden units and the orderings are drawn from,
    /// too.</param>
    /// <param name="masks">How many sets of masks there are; at least 1.</param>
    /// <param name="anyOrder">True for an ordering of its own for each set of masks; else all have the order of the pixels.</param>
    /// <param name="direct">Whether inputs are connected to outputs directly, too.</param>
    /// <param name="dropout">The share of hidden units that are dropped while training.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no pixels or no masks, a width is less than 1, or the dropout is not in [0,
    /// 1).</exception>
    public Made(int pixels, ReadOnlySpan<int> widths, ModuleOptions options, int masks = 1, bool anyOrder = false, bool direct = true,
        double dropout = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(masks, 1);
        ArgumentNullException.ThrowIfNull(options);
        RandomStream random = options.Random.Split("masks");
        _masks = new AutoregressiveMasks[masks];
        for (int i = 0; i < masks; i++)
        {
            int[] order = anyOrder ? AutoregressiveMasks.Shuffled(pixels, random.Split(2 * i).Key) : AutoregressiveMasks.Natural(pixels);
            _masks[i] = new AutoregressiveMasks(order, widths, random.Split((2 * i) + 1).Key);
        }

        _network = AddModule("network", new MaskedNetwork(_masks[0], options, direct: direct, dropout: dropout));
    }

    /// <summary>The sets of masks.</summary>
    public IReadOnlyList<AutoregressiveMasks> Masks => _masks;

    /// <summary>Dimensions of a vector.</summary>
    public int Pixels => _network.Dimensions;

    /// <summary>
    /// Whether the masks that the layers hold are among the sets of the model, or the order is that of the pixels and the only one: false
    /// after loading the weights of a model that was made from another seed, whose masks this one does not have.
    /// </summary>
    public bool KnowsItsMasks =>
        (_masks.Length == 1 && _masks[0].Order.SequenceEqual(AutoregressiveMasks.Natural(Pixels))) || _masks.Any(_network.Holds);

    /// <summary>Selects one of the sets of masks: in training the next one for each step.</summary>
    /// <param name="index">Which; whatever is beyond the last wraps around.</param>
    public void Use(long index)
    {
        // Those that the layers hold may come from a checkpoint, so that only a single one need not be set again.
        if (_masks.Length > 1) _network.Use(_masks[(int)(index % _masks.Length)]);
    }

    /// <summary>The logit of each pixel from those before it: [batch, pixels] for [batch, pixels].</summary>
    public override Tensor Forward(Tensor x) => _network.Forward(x).Reshape(x.Shape);

    /// <summary>Always 0: the model is unconditional.</summary>
    public int Classes => 0;

    /// <inheritdoc/>
    public Tensor LogLikelihood(Tensor images, Tensor? labels = null)
    {
        Tensor x = PixelModels.Flat(nameof(Made), Pixels, images, labels);
        return Autograd.Likelihoods.LogLikelihood.Bernoulli(Forward(x), x);
    }

    /// <inheritdoc/>
    /// <remarks>With several masks it is the likelihood of the mixture, log(1/m sum_i p_i(x)).</remarks>
    public double[] LogLikelihood(
        ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels = default, int atOnce = 100,
        CancellationToken cancellation = default)
    {
        double[] sums = [];
        for (int i = 0; i < _masks.Length; i++)
        {
            Use(i);
            double[] one = PixelModels.LogLikelihood(this, images, shape, labels, atOnce, cancellation);
            if (i == 0) sums = one;
            else for (int n = 0; n < sums.Length; n++) sums[n] = LogOfSum(sums[n], one[n]);
        }

        for (int n = 0; n < sums.Length; n++) sums[n] -= Math.Log(_masks.Length);
        return sums;
    }

    /// <inheritdoc/>
    public float[] Sample(
        Shape shape, RandomStream random, ReadOnlySpan<float> known = default, ReadOnlySpan<int> labels = default, double temperature = 1,
        CancellationToken cancellation = default)
    {
        PixelModels.CheckPixels(nameof(Made), Pixels, shape);
        if (!labels.IsEmpty) throw PixelModels.NoClasses(nameof(Made));

        // The ordering of the first masks: dimension at each place.
        Use(0);
        int[] dimensions = new int[Pixels];
        for (int d = 0; d < Pixels; d++) dimensions[_masks[0].Order[d]] = d;
        return PixelModels.Sample(this, Forward, dimensions, shape[0], random, known, temperature, cancellation);
    }

    private static double LogOfSum(double a, double b) => Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Abs(a - b)));
}
