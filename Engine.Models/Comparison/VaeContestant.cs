using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;
using Engine.Models.Data;
using Engine.Models.Variational;

namespace Engine.Models.Comparison;

/// <summary>
/// A convolutional VAE (Kingma and Welling 2013, arXiv:1312.6114) whose pixels have logistic distributions over the 256 levels (Kingma et
/// al. 2016, arXiv:1606.04934), so that its bound is one on the probability of images as they are. Samples are the means of the pixels.
/// </summary>
public sealed class VaeContestant : LikelihoodContestant
{
    private const int Latent = 32, AtOnce = 100;
    private readonly Networks _networks;

    /// <summary>Creates the model.</summary>
    /// <param name="width">Channels at half the side.</param>
    /// <param name="size">The size of an image, with sides that four divides.</param>
    /// <param name="options">Device and random stream.</param>
    public VaeContestant(int width, ImageSize size, ModuleOptions options) : this(new Networks(width, size, options), size, options)
    {
    }

    private VaeContestant(Networks networks, ImageSize size, ModuleOptions options) : base(networks, size, options) =>
        _networks = networks;

    /// <inheritdoc/>
    public override string Family => "VAE";

    /// <inheritdoc/>
    public override string LikelihoodKind => "bound";

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random, CancellationToken cancellation = default) => Averaged(() =>
    {
        cancellation.ThrowIfCancellationRequested();
        using Tape tape = new(Device, record: false);
        (Tensor mean, _) = Decode(Tensor.Normal([count, Latent], random));
        return mean.Affine(2, -1).ToArray();
    });

    /// <inheritdoc/>
    public override double? BitsPerDimension(ImageDataset test, RandomStream random, CancellationToken cancellation = default) =>
        Averaged(() => -Nats(test, random, cancellation) / (test.Count * Size.Length * Math.Log(2)));

    private double Nats(ImageDataset test, RandomStream random, CancellationToken cancellation)
    {
        double nats = 0;
        foreach (float[] part in test.ToFloats(0).Chunk(AtOnce * Size.Length))
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Device, record: false);
            nats += Bound(Tensor.From(part, Size.Of(Size.CountOf(part.Length))), random).Sum().Item();
        }

        return nats;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Signs(ImageDataset test, CancellationToken cancellation = default)
    {
        List<float> latents = Averaged(() =>
        {
            List<float> means = [];
            foreach (float[] part in test.ToFloats(0).Chunk(AtOnce * Size.Length))
            {
                cancellation.ThrowIfCancellationRequested();
                using Tape tape = new(Device, record: false);
                means.AddRange(_networks.Encoder.Forward(Tensor.From(part, Size.Of(Size.CountOf(part.Length)))).ToArray());
            }

            return means;
        });
        int active = new LatentActivity([.. latents], Latent).Active;
        if (active < Latent) yield return $"{Latent - active} of {Latent} latents are not used";
    }

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor images) => Bound(images, Random).Mean() * (-1 / (Size.Length * Math.Log(2)));

    // E_q[log p(x|z)] - KL(q(z|x) || N(0, 1)) of each image, in nats
    private Tensor Bound(Tensor x, RandomStream random)
    {
        (Tensor mean, Tensor logVariance) = _networks.Encoder.Parameterize(x);
        Tensor z = Sampling.Reparameterize(mean, logVariance, Tensor.Normal(mean.Shape, random));
        (Tensor pixels, Tensor logScale) = Decode(z);
        return LogLikelihood.DiscretizedLogistic(x.Reshape(x.Shape[0], Size.Length), pixels, logScale, low: 0)
            - KullbackLeibler.ToStandardGaussian(mean, logVariance);
    }

    // Means in [0, 1] and the logarithms of the scales, from less than a step of the levels to the whole range: [samples, values] each.
    private (Tensor Mean, Tensor LogScale) Decode(Tensor z)
    {
        Tensor output = _networks.Decoder.Forward(z);
        int samples = z.Shape[0];
        return (output.Slice(3, 0, Size.Channels).Sigmoid().Reshape(samples, Size.Length),
            output.Slice(3, Size.Channels, Size.Channels).Tanh().Affine(4, -3).Reshape(samples, Size.Length));
    }

    private sealed class Networks : Module
    {
        internal Networks(int width, ImageSize size, ModuleOptions options)
        {
            int channels = 2 * width, hidden = 8 * width;
            (int rows, int columns) = (size.Height / 4, size.Width / 4);
            int features = rows * columns * channels;
            Encoder = AddModule("encoder", new GaussianEncoder(
                new Sequential(
                    new Conv2d(size.Channels, width, 4, options, stride: 2, padding: 1), new Relu(),
                    new Conv2d(width, channels, 4, options, stride: 2, padding: 1), new Relu(),
                    new Flatten(), new Linear(features, hidden, options), new Relu()),
                hidden, Latent, options));
            Decoder = AddModule("decoder", new Sequential(
                new Linear(Latent, hidden, options), new Relu(), new Linear(hidden, features, options), new Relu(),
                new Unflatten(rows, columns, channels),
                new ConvTranspose2d(channels, width, 4, options, stride: 2, padding: 1), new Relu(),
                new ConvTranspose2d(width, 2 * size.Channels, 4, options, stride: 2, padding: 1)));
        }

        internal GaussianEncoder Encoder { get; }

        internal Sequential Decoder { get; }

        public override Tensor Forward(Tensor x) => Decoder.Forward(Encoder.Forward(x));
    }
}
