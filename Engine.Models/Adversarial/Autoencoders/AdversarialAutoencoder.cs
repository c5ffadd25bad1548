using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial.SemiSupervised;
using Engine.Models.Classification;
using Engine.Models.Data;

namespace Engine.Models.Adversarial.Autoencoders;

/// <summary>The sizes and rates of an <see cref="AdversarialAutoencoder"/>.</summary>
public sealed record AutoencoderOptions
{
    /// <summary>Elements of an image.</summary>
    public int Pixels { get; init; } = 784;

    /// <summary>Dimensions of the Gaussian part of the latent space.</summary>
    public int Latent { get; init; } = 2;

    /// <summary>What is done with classes.</summary>
    public LatentClasses Labels { get; init; }

    /// <summary>The number of classes; not used where there are none.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>Features of a hidden layer in all networks.</summary>
    public int Hidden { get; init; } = 1000;

    /// <summary>The deviation of the noise on labelled images when the encoder learns their classes.</summary>
    public double Noise { get; init; } = 0.3;

    /// <summary>
    /// The radius of virtual adversarial training where classes are inferred (<see cref="VirtualAdversarialLoss"/>); 0 for none.
    /// </summary>
    public double VirtualRadius { get; init; }

    /// <summary>The decay of an average of the encoder's weights, by which it is measured; null for none.</summary>
    public double? AverageDecay { get; init; }

    /// <summary>Adam's rate for reconstruction and for the classes.</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>Adam's rate for the discriminators, and for the encoder against them, with beta1 0.5.</summary>
    public double AdversarialLearningRate { get; init; } = 2e-4;

    internal int ClassesBeside => Labels == LatentClasses.None ? 0 : Classes;
}

/// <summary>The losses of a step, in nats; the reconstruction's for each pixel.</summary>
/// <param name="Reconstruction">The cross-entropy of pixels.</param>
/// <param name="Discriminator">Of all discriminators; 2 log 2 for each that cannot tell.</param>
/// <param name="Encoder">What the encoder lacks to pass for the prior; log 2 for each discriminator that cannot tell.</param>
/// <param name="Labeled">The cross-entropy of the classes of labelled images; null where none are learned.</param>
public readonly record struct AutoencoderLosses(Reading Reconstruction, Reading Discriminator, Reading Encoder, Reading? Labeled);

/// <summary>
/// An autoencoder whose codes are made to look like samples of a prior by the discriminator of a GAN (Makhzani et al. 2015,
/// arXiv:1511.05644): the decoder is then a generator. With labels, given or inferred: see <see cref="LatentClasses"/>. Images are in
/// [0, 1].
/// </summary>
public sealed class AdversarialAutoencoder : IStateful, IDisposable
{
    private readonly Device _device;
    private readonly DType _dtype;
    private readonly RandomStream _random;
    private readonly NonSaturatingObjective _game = new();
    private readonly Sequential _styleDiscriminator;
    private readonly Sequential? _classDiscriminator;
    private readonly Adam _reconstruction, _discriminators, _against;
    private readonly Adam? _classes;
    private readonly VirtualAdversarialLoss? _virtual;
    private readonly ExponentialMovingAverage? _average;

    /// <summary>Creates the networks.</summary>
    /// <param name="settings">Sizes and rates.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1.</exception>
    public AdversarialAutoencoder(AutoencoderOptions settings, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Latent, 1);
        Settings = settings;
        (_device, _dtype, _random) = (options.Device ?? Device.Default, options.DType, options.Random);
        bool infers = settings.Labels == LatentClasses.Inferred;
        Encoder = new AutoencoderEncoder(settings.Pixels, settings.Latent, infers ? settings.Classes : 0, settings.Hidden, options);
        Decoder = new AutoencoderDecoder(settings.Pixels, settings.Latent, settings.ClassesBeside, settings.Hidden, options);
        _styleDiscriminator = Judge(settings.Latent);
        if (infers) _classDiscriminator = Judge(settings.Classes);
        _reconstruction = new Adam([.. Encoder.Parameters, .. Decoder.Parameters], settings.LearningRate);
        _discriminators = new Adam(
            [.. _styleDiscriminator.Parameters, .. _classDiscriminator?.Parameters ?? []], settings.AdversarialLearningRate, beta1: 0.5);
        _against = new Adam(Encoder.Parameters, settings.AdversarialLearningRate, beta1: 0.5);
        if (infers) _classes = new Adam(Encoder.Parameters, settings.LearningRate);
        if (settings.AverageDecay is { } decay) _average = new ExponentialMovingAverage(Encoder, decay, warmUp: true);
        if (infers && settings.VirtualRadius > 0) _virtual = new VirtualAdversarialLoss(settings.VirtualRadius);

        Sequential Judge(int inputs) => new(
            new Linear(inputs, settings.Hidden, options, weightInitializer: Initializers.HeNormal), new LeakyRelu(0.2),
            new Linear(settings.Hidden, settings.Hidden, options, weightInitializer: Initializers.HeNormal), new LeakyRelu(0.2),
            new Linear(settings.Hidden, 1, options));
    }

    /// <summary>Sizes and rates.</summary>
    public AutoencoderOptions Settings { get; }

    /// <summary>Images to codes.</summary>
    public AutoencoderEncoder Encoder { get; }

    /// <summary>Codes to images.</summary>
    public AutoencoderDecoder Decoder { get; }

    /// <summary>Sets all rates to a part of what they are in <see cref="Settings"/>.</summary>
    /// <param name="part">Above 0.</param>
    public void SetRates(double part)
    {
        _reconstruction.LearningRate = part * Settings.LearningRate;
        _discriminators.LearningRate = _against.LearningRate = part * Settings.AdversarialLearningRate;
        if (_classes is not null) _classes.LearningRate = part * Settings.LearningRate;
    }

    /// <summary>
    /// One step of each phase: reconstruction, discriminators, encoder against them, and classes where they are inferred.
    /// </summary>
    /// <param name="images">[images, pixels], in row-major order.</param>
    /// <param name="labels">The classes of the images where they are given; else not used.</param>
    /// <param name="labeled">Labelled images where classes are inferred; empty where none are known.</param>
    /// <param name="classes">Their classes, one for each.</param>
    /// <exception cref="ArgumentException">The images are not whole, or labels are lacking.</exception>
    public AutoencoderLosses Step(
        ReadOnlySpan<float> images, ReadOnlySpan<int> labels = default, ReadOnlySpan<float> labeled = default,
        ReadOnlySpan<int> classes = default)
    {
        int count = Whole(images, "images");
        if (Settings.Labels == LatentClasses.Given && labels.Length != count) throw new ArgumentException(
            $"AdversarialAutoencoder.Step: expected a label for each of {count} images, found {labels.Length}.");
        if (Whole(labeled, "labelled images", least: 0) != classes.Length) throw new ArgumentException(
            $"AdversarialAutoencoder.Step: expected a class for each labelled image, found {labeled.Length} elements and {classes.Length} "
            + "classes.");

        _average?.Begin();
        using Tape tape = new(_device);
        Tensor x = Tensor.From(images, [count, Settings.Pixels]).Cast(_dtype);
        Reading reconstruction = ReconstructionStep(x, labels);
        (Tensor style, Tensor? logits) = Encoder.Encode(x);
        Tensor? kind = logits?.Softmax();
        Reading discriminator = DiscriminatorStep(style.Detach(), kind?.Detach());

        // The encoder's loss: -E[log D(z)], and the same for the classes
        Tensor passing = _game.GeneratorLoss(_styleDiscriminator.Forward(style));
        if (kind is not null) passing += _game.GeneratorLoss(_classDiscriminator!.Forward(kind));
        _against.Step(tape.Gradients(passing, _against.Parameters));
        Reading? ofClasses = default;
        if (_classes is not null && classes.Length > 0) ofClasses = ClassStep(labeled, classes, x);
        _average?.Update();
        return new AutoencoderLosses(reconstruction, discriminator, passing, ofClasses);
    }

    /// <summary>The Gaussian part of the codes of images.</summary>
    /// <param name="images">[images, pixels], in row-major order.</param>
    /// <returns>[images, latent], in row-major order.</returns>
    /// <exception cref="ArgumentException">The images are not whole.</exception>
    public float[] Encode(ReadOnlySpan<float> images)
    {
        using Tape tape = new(_device, record: false);
        Tensor x = Tensor.From(images, [Whole(images, "images"), Settings.Pixels]).Cast(_dtype);
        return Encoder.Encode(x).Style.Cast(DType.Float32).ToArray();
    }

    /// <summary>Decodes codes.</summary>
    /// <param name="styles">The Gaussian part, [images, latent], in row-major order.</param>
    /// <param name="labels">The class of each where the model has classes; else empty.</param>
    /// <returns>[images, pixels] in [0, 1], in row-major order.</returns>
    /// <exception cref="ArgumentException">The codes are not whole, or there are not as many labels as the model needs.</exception>
    public float[] Decode(ReadOnlySpan<float> styles, ReadOnlySpan<int> labels = default)
    {
        int count = styles.Length / Settings.Latent, needed = Settings.Labels == LatentClasses.None ? 0 : count;
        if (count == 0 || styles.Length % Settings.Latent != 0 || labels.Length != needed) throw new ArgumentException(
            $"AdversarialAutoencoder.Decode: expected codes of {Settings.Latent} elements and {needed} labels, found {styles.Length} "
            + $"elements and {labels.Length} labels.");
        using Tape tape = new(_device, record: false);
        Tensor z = Tensor.From(styles, [count, Settings.Latent]).Cast(_dtype);
        return Decoder.Decode(z, OneHot(labels)).Sigmoid().Cast(DType.Float32).ToArray();
    }

    /// <summary>Exchanges the encoder's weights for their average until the result is disposed of; null where there is none.</summary>
    public IDisposable? UseAverage() => _average?.Use();

    /// <summary>The share of images whose inferred class is wrong, by the average of the weights where there is one.</summary>
    /// <param name="data">Images with labels.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="InvalidOperationException">The model infers no classes.</exception>
    /// <exception cref="DataException">The images have no labels.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double Error(ImageDataset data, CancellationToken cancellation = default)
    {
        if (_classes is null) throw new InvalidOperationException("Error: expected a model that infers classes, found one that does not.");
        using IDisposable? average = UseAverage();
        return ClassificationError.Of(data, pixels => Encoder.Encode(pixels.Cast(_dtype)).ClassLogits!, _device, cancellation);
    }

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("encoder", Encoder);
        visitor.Part("decoder", Decoder);
        visitor.Part("style_discriminator", _styleDiscriminator);
        if (_classDiscriminator is not null) visitor.Part("class_discriminator", _classDiscriminator);
        visitor.Part("reconstruction_optimizer", _reconstruction);
        visitor.Part("discriminator_optimizer", _discriminators);
        visitor.Part("encoder_optimizer", _against);
        if (_classes is not null) visitor.Part("class_optimizer", _classes);
        if (_average is not null) visitor.Part("encoder_average", _average);
        visitor.Random("random", _random);
    }

    /// <summary>Releases the networks and the optimisers.</summary>
    public void Dispose()
    {
        _reconstruction.Dispose();
        _discriminators.Dispose();
        _against.Dispose();
        _classes?.Dispose();
        _average?.Dispose();
        Encoder.Dispose();
        Decoder.Dispose();
        _styleDiscriminator.Dispose();
        _classDiscriminator?.Dispose();
    }

    private Reading ReconstructionStep(Tensor images, ReadOnlySpan<int> labels)
    {
        using Tape tape = new(_device);
        Tensor x = images.Detach();
        (Tensor style, Tensor? logits) = Encoder.Encode(x);
        Tensor? kind = Settings.Labels == LatentClasses.Given ? OneHot(labels) : logits?.Softmax();
        Tensor loss = Loss.BinaryCrossEntropyFromLogits(Decoder.Decode(style, kind), x);
        _reconstruction.Step(tape.Gradients(loss, _reconstruction.Parameters));
        return loss;
    }

    // Samples of the priors are real: z from N(0, I), and one-hot classes, each as likely as the others.
    private Reading DiscriminatorStep(Tensor style, Tensor? kind)
    {
        using Tape tape = new(_device);
        Tensor prior = Tensor.Normal(style.Shape, _random, dtype: _dtype);
        Tensor loss = _game.DiscriminatorLoss(_styleDiscriminator.Forward(prior), _styleDiscriminator.Forward(style.Detach()));
        if (kind is not null)
        {
            int[] drawn = [.. _random.Uniform(kind.Shape[0]).Select(u => Math.Min((int)(u * Settings.Classes), Settings.Classes - 1))];
            loss += _game.DiscriminatorLoss(_classDiscriminator!.Forward(OneHot(drawn)!), _classDiscriminator.Forward(kind.Detach()));
        }

        _discriminators.Step(tape.Gradients(loss, _discriminators.Parameters));
        return loss;
    }

    // The cross-entropy of the labelled images, and what virtual adversarial training adds for all.
    private Reading ClassStep(ReadOnlySpan<float> labeled, ReadOnlySpan<int> classes, Tensor images)
    {
        using Tape tape = new(_device);
        Tensor x = Tensor.From(labeled, [classes.Length, Settings.Pixels]).Cast(_dtype);
        if (Settings.Noise > 0) x += Settings.Noise * Tensor.Normal(x.Shape, _random, dtype: _dtype);
        Tensor loss = Loss.CrossEntropy(Encoder.Encode(x).ClassLogits!, Tensor.From(classes, [classes.Length]));
        Tensor total = _virtual is null ? loss : loss + _virtual.Of(of => Encoder.Encode(of).ClassLogits!, images.Detach(), _random);
        _classes!.Step(tape.Gradients(total, _classes.Parameters));
        return loss;
    }

    private Tensor? OneHot(ReadOnlySpan<int> labels) =>
        labels.Length == 0 ? null : Tensor.From(labels, [labels.Length]).OneHot(Settings.Classes, _dtype);

    private int Whole(ReadOnlySpan<float> images, string what, int least = 1)
    {
        int count = images.Length / Settings.Pixels;
        return count >= least && images.Length % Settings.Pixels == 0 ? count : throw new ArgumentException(
            $"AdversarialAutoencoder: expected {what} of {Settings.Pixels} elements, found {images.Length} elements.");
    }
}
