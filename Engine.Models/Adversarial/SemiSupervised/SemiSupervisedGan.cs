using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Classification;
using Engine.Models.Data;

namespace Engine.Models.Adversarial.SemiSupervised;

/// <summary>The losses of a step of a <see cref="SemiSupervisedGan"/>, in nats but for that of the generator.</summary>
/// <param name="Labeled">The cross-entropy of the labelled samples' classes.</param>
/// <param name="Unlabeled">That of real and generated; log 2 when the discriminator cannot tell.</param>
/// <param name="Generator">The squared distance of the mean features.</param>
public readonly record struct SemiSupervisedLosses(Reading Labeled, Reading Unlabeled, Reading Generator);

/// <summary>
/// Learns to classify from a few labelled samples and many without labels (Salimans et al. 2016, arXiv:1606.03498, section 5): the
/// classifier is the discriminator of a GAN, and the generator matches the mean of its features
/// (<see cref="FeatureMatching"/>, section 3.1). Evaluation is with the average of the classifier's weights.
/// </summary>
public sealed class SemiSupervisedGan : IStateful, IDisposable
{
    private readonly Device _device;
    private readonly DType _dtype;
    private readonly RandomStream _random;
    private readonly Adam _generatorOptimizer, _classifierOptimizer;
    private readonly ExponentialMovingAverage? _average;

    /// <summary>Joins a generator and a classifier.</summary>
    /// <param name="generator">G: [samples, latent] to samples [samples, pixels].</param>
    /// <param name="body">Samples [samples, pixels] to features [samples, features].</param>
    /// <param name="head">Features to logits of the classes, [samples, classes].</param>
    /// <param name="latent">Dimensions of the noise, which is uniform in [0, 1).</param>
    /// <param name="options">Device, element type and random stream of the networks.</param>
    /// <param name="learningRate">Adam's rate, for both, with beta1 0.5.</param>
    /// <param name="averageDecay">The decay of the average of the classifier's weights; null for none.</param>
    public SemiSupervisedGan(
        Module generator, Module body, Module head, int latent, ModuleOptions options, double learningRate = 3e-3,
        double? averageDecay = 0.9999)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(latent, 1);
        (Generator, Body, Head, Latent) = (generator, body, head, latent);
        (_device, _dtype, _random) = (options.Device ?? Device.Default, options.DType, options.Random);
        Classifier = new Sequential(body, head);
        _generatorOptimizer = new Adam(generator.Parameters, learningRate, beta1: 0.5);
        _classifierOptimizer = new Adam(Classifier.Parameters, learningRate, beta1: 0.5);
        if (averageDecay is { } decay) _average = new ExponentialMovingAverage(Classifier, decay, warmUp: true);
    }

    /// <summary>G.</summary>
    public Module Generator { get; }

    /// <summary>The classifier's hidden layers, whose features the generator matches.</summary>
    public Module Body { get; }

    /// <summary>The classifier's last layer.</summary>
    public Module Head { get; }

    /// <summary>Body and head: the discriminator.</summary>
    public Sequential Classifier { get; }

    /// <summary>Dimensions of the noise.</summary>
    public int Latent { get; }

    /// <summary>The learning rate of both, which a schedule may set between steps.</summary>
    public double LearningRate
    {
        get => _classifierOptimizer.LearningRate;
        set => _generatorOptimizer.LearningRate = _classifierOptimizer.LearningRate = value;
    }

    /// <summary>One step of the classifier, then one of the generator against it.</summary>
    /// <param name="unlabeled">Samples without labels, in row-major order, in [0, 1].</param>
    /// <param name="labeled">Labelled samples, in row-major order.</param>
    /// <param name="labels">Their classes, one for each.</param>
    /// <exception cref="ArgumentException">The samples and labels do not fit each other.</exception>
    public SemiSupervisedLosses Step(ReadOnlySpan<float> unlabeled, ReadOnlySpan<float> labeled, ReadOnlySpan<int> labels)
    {
        if (labels.Length == 0 || labeled.Length == 0 || labeled.Length % labels.Length != 0) throw new ArgumentException(
            $"SemiSupervisedGan.Step: expected labelled samples and a label for each, found {labeled.Length} elements and {labels.Length} "
            + "labels.");
        int pixels = labeled.Length / labels.Length, count = unlabeled.Length / pixels;
        if (count == 0 || unlabeled.Length % pixels != 0) throw new ArgumentException(
            $"SemiSupervisedGan.Step: expected unlabelled samples of {pixels} elements, found {unlabeled.Length} elements.");
        _average?.Begin();
        using Tape tape = new(_device);
        Tensor real = Tensor.From(unlabeled, [count, pixels]).Cast(_dtype);
        Tensor fake = Generator.Forward(Tensor.Uniform([count, Latent], _random, dtype: _dtype));
        if (fake.Shape != real.Shape) throw new ArgumentException(
            $"SemiSupervisedGan.Step: expected samples of the shape that the generator makes, {fake.Shape}, found {real.Shape}.");
        (Reading ofLabeled, Reading ofUnlabeled) = ClassifierStep(
            Tensor.From(labeled, [labels.Length, pixels]).Cast(_dtype), Tensor.From(labels, [labels.Length]), real, fake);

        // L_G = |E[f(x)] - E[f(G)]|^2 / features, with the classifier that has just been updated
        Tensor distance = (Body.Forward(real).Mean(0).Detach() - Body.Forward(fake).Mean(0)).Square().Mean();
        _generatorOptimizer.Step(tape.Gradients(distance, _generatorOptimizer.Parameters));
        _average?.Update();
        return new SemiSupervisedLosses(ofLabeled, ofUnlabeled, distance);
    }

    /// <summary>Generates samples from new noise, with the generator in evaluation mode meanwhile.</summary>
    /// <param name="count">How many.</param>
    /// <returns>[count, pixels], in row-major order.</returns>
    public float[] Sample(int count)
    {
        using IDisposable evaluation = Generator.Evaluating();
        using Tape tape = new(_device, record: false);
        return Generator.Forward(Tensor.Uniform([count, Latent], _random, dtype: _dtype)).Cast(DType.Float32).ToArray();
    }

    /// <summary>The share of images that are classified wrongly, with the average of the weights where there is one.</summary>
    /// <param name="data">Images with labels.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="DataException">The images have no labels.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double Error(ImageDataset data, CancellationToken cancellation = default)
    {
        using IDisposable evaluation = Classifier.Evaluating();
        using IDisposable? average = _average?.Use();
        return ClassificationError.Of(data, pixels => Classifier.Forward(pixels.Cast(_dtype)), _device, cancellation);
    }

    /// <summary>Exchanges the classifier's weights for their average until the result is disposed of; null where there is none.</summary>
    public IDisposable? UseAverage() => _average?.Use();

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("generator", Generator);
        visitor.Part("classifier", Classifier);
        visitor.Part("generator_optimizer", _generatorOptimizer);
        visitor.Part("classifier_optimizer", _classifierOptimizer);
        if (_average is not null) visitor.Part("classifier_average", _average);
        visitor.Random("random", _random);
    }

    /// <summary>Releases the networks, the optimisers and the average.</summary>
    public void Dispose()
    {
        _average?.Dispose();
        _generatorOptimizer.Dispose();
        _classifierOptimizer.Dispose();
        Generator.Dispose();
        Classifier.Dispose();
    }

    // On a tape of its own: what it computed is released before the generator's step. One pass for all three kinds of samples.
    private (Reading Labeled, Reading Unlabeled) ClassifierStep(Tensor labeled, Tensor labels, Tensor real, Tensor fake)
    {
        using Tape tape = new(_device);
        (int known, int count) = (labeled.Shape[0], real.Shape[0]);
        Tensor logits = Classifier.Forward(Tensor.Concat(0, labeled, real, fake.Detach()));
        Tensor ofLabeled = SemiSupervisedObjective.Labeled(logits.Slice(0, 0, known), labels);
        Tensor ofUnlabeled = SemiSupervisedObjective.Unlabeled(logits.Slice(0, known, count), logits.Slice(0, known + count, count));
        _classifierOptimizer.Step(tape.Gradients(ofLabeled + ofUnlabeled, _classifierOptimizer.Parameters));
        return (ofLabeled, ofUnlabeled);
    }
}
