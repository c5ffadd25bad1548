using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial;
using Engine.Models.Data;

namespace Engine.Models.Comparison;

/// <summary>A <see cref="Dcgan"/>, as it is or with a Wasserstein critic: no likelihood, one pass for a sample.</summary>
public sealed class GanContestant : Contestant
{
    private const int Latent = 100;
    private readonly Gan _gan;
    private readonly bool _isWasserstein;
    private double _discriminatorLoss = 2 * Math.Log(2);

    /// <summary>Creates the model.</summary>
    /// <param name="width">Channels of the generator's last images, and of the discriminator's first.</param>
    /// <param name="size">The size of an image, square.</param>
    /// <param name="options">Device and random stream.</param>
    /// <param name="wasserstein">
    /// Whether the Wasserstein loss with a gradient penalty takes the place of the cross-entropy: WGAN-GP, with one step of the critic to
    /// each of the generator at twice its rate, and the average of the generator's weights.
    /// </param>
    public GanContestant(int width, ImageSize size, ModuleOptions options, bool wasserstein = false) : base(size)
    {
        ArgumentNullException.ThrowIfNull(options);
        Device = options.Device ?? Device.Default;
        _isWasserstein = wasserstein;
        Module generator = Dcgan.Generator(options, Latent, width, size.Channels, size.Height);
        _gan = !wasserstein ? new Gan(
                generator, Dcgan.ConvolutionalDiscriminator(options, width, channels: size.Channels, side: size.Height), Latent, options)
            : new Gan(generator, Dcgan.Critic(options, width, null, size.Channels, size.Height), Latent, options,
                GanRecipe.Of("wgan-gp").Training with
            {
                DiscriminatorSteps = 1, LearningRate = 2e-4, DiscriminatorLearningRate = 4e-4, AverageDecay = 0.999,
            });
    }

    /// <inheritdoc/>
    public override string Family => _isWasserstein ? "WGAN-GP" : "GAN";

    /// <inheritdoc/>
    public override string LikelihoodKind => "none";

    /// <inheritdoc/>
    public override long ParameterCount => _gan.Generator.ParameterCount + _gan.Discriminator.ParameterCount;

    /// <inheritdoc/>
    protected override Device Device { get; }

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random, CancellationToken cancellation = default)
    {
        using var noise = Autograd.Tensor.Normal([count, Latent], random, device: Device);
        return _gan.Sample(noise, [], cancellation);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Signs(ImageDataset test, CancellationToken cancellation = default)
    {
        // 2 log 2 = 1.39 is a discriminator that cannot tell; near 0 it is sure of everything, and the generator learns nothing from it.
        if (!_isWasserstein && _discriminatorLoss < 0.1) yield return FormattableString.Invariant(
            $"the discriminator has won (loss {_discriminatorLoss:0.000})");
    }

    /// <inheritdoc/>
    public override void VisitState(StateVisitor visitor)
    {
        base.VisitState(visitor);
        visitor.Part("gan", _gan);
        _discriminatorLoss = visitor.Number("discriminator_loss", _discriminatorLoss);
    }

    /// <inheritdoc/>
    public override void Dispose() => _gan.Dispose();

    /// <inheritdoc/>
    protected override double Train(ReadOnlySpan<float> images, Shape shape)
    {
        float[] signed = new float[images.Length];
        for (int i = 0; i < signed.Length; i++) signed[i] = (2 * images[i]) - 1;
        GanLosses losses = _gan.Step(signed, shape);

        // A mean over the last hundred steps or so
        _discriminatorLoss += 0.01 * (losses.Discriminator - _discriminatorLoss);
        return losses.Generator;
    }
}
