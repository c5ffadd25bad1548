using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Adversarial;

/// <summary>
/// A generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661): a generator that turns noise into samples, and a
/// discriminator that distinguishes them from data, each trained against the other. What they are trained for, and what keeps the game
/// honest, is in <see cref="GanOptions"/>.
/// </summary>
public sealed class Gan : IStateful, IDisposable
{
    /// <summary>Samples that are generated in a pass, however many are asked for.</summary>
    private const int MostAtOnce = 250;

    private readonly Device _device;
    private readonly DType _dtype;
    private readonly RandomStream _random;
    private readonly Optimizer _generatorOptimizer;
    private readonly Optimizer _discriminatorOptimizer;
    private readonly ExponentialMovingAverage? _average;

    /// <summary>Joins a generator and a discriminator.</summary>
    /// <param name="generator">
    /// G: [samples, latent] to samples. A <see cref="ConditionalModule"/> gets the labels beside the noise.
    /// </param>
    /// <param name="discriminator">
    /// D: samples to [samples, 1], a score for each: by default the logit of the probability that it is real. A
    /// <see cref="ConditionalModule"/> gets the labels beside the samples.
    /// </param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="options">Device, element type and random stream of the networks.</param>
    /// <param name="training">Losses, optimizers and regularizers; null for the plain GAN.</param>
    /// <exception cref="ArgumentException">An optimizer is not one of the network's parameters.</exception>
    public Gan(Module generator, Module discriminator, int latent, ModuleOptions options, GanOptions? training = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(discriminator);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(latent, 1);
        (Generator, Discriminator, Latent) = (generator, discriminator, latent);
        _device = options.Device ?? Device.Default;
        _dtype = options.DType;
        _random = options.Random;
        Training = training ?? new GanOptions();
        _generatorOptimizer = Training.OfGenerator(generator);
        _discriminatorOptimizer = Training.OfDiscriminator(discriminator);
        if (Training.AverageDecay is { } decay) _average = new ExponentialMovingAverage(generator, decay);
    }

    /// <summary>G.</summary>
    public Module Generator { get; }

    /// <summary>D.</summary>
    public Module Discriminator { get; }

    /// <summary>Dimensions of the noise.</summary>
    public int Latent { get; }

    /// <summary>Losses, optimizers and regularizers.</summary>
    public GanOptions Training { get; }

    /// <summary>The generator's optimizer, whose rate a schedule may set between steps.</summary>
    public Optimizer GeneratorOptimizer => _generatorOptimizer;

    /// <summary>The discriminator's optimizer, whose rate a schedule may set between steps.</summary>
    public Optimizer DiscriminatorOptimizer => _discriminatorOptimizer;

    /// <summary>
    /// One training step: the discriminator on real and on generated samples, then the generator against it, unless the discriminator has
    /// more steps to make before (<see cref="GanOptions.DiscriminatorSteps"/>).
    /// </summary>
    /// <param name="samples">Real samples, in row-major order.</param>
    /// <param name="shape">Their shape, [samples, ...].</param>
    /// <param name="labels">Their classes, one for each; the generated samples are made for the same. Empty when there are none.</param>
    /// <returns>The losses.</returns>
    /// <exception cref="ArgumentException">
    /// The samples do not fit their shape, there are more or fewer labels, or negative ones; or the generator's samples have another shape.
    /// </exception>
    public GanLosses Step(ReadOnlySpan<float> samples, Shape shape, ReadOnlySpan<int> labels = default)
    {
        if (shape.Rank < 2 || samples.Length != shape.Count || samples.Length == 0) throw new ArgumentException(
            $"Gan.Step: expected the elements of samples [samples, ...], found shape {shape} and {samples.Length} elements.");
        if (labels.Length != 0 && labels.Length != shape[0]) throw new ArgumentException(
            $"Gan.Step: expected a label for each of {shape[0]} samples, or none, found {labels.Length}.");
        int none = labels.IndexOfAnyInRange(int.MinValue, -1);
        if (none >= 0) throw new ArgumentException(
            $"Gan.Step: expected labels of at least 0, found {labels[none]} for sample {none}. Data without labels has -1 throughout.");

        _average?.Begin();

        // The generator's own pass is recorded only where its step follows.
        bool generatorFollows = (_discriminatorOptimizer.Steps + 1) % Training.DiscriminatorSteps == 0;
        using Tape tape = new(_device, record: generatorFollows);
        Tensor? classes = labels.Length == 0 ? null : Tensor.From(labels, [labels.Length]);
        Tensor real = Tensor.From(samples, shape).Cast(_dtype);
        Tensor fake = Generate(Tensor.Normal([shape[0], Latent], _random, dtype: _dtype), classes);
        if (fake.Shape != shape) throw new ArgumentException(
            $"Gan.Step: expected real samples of the shape that the generator makes, {fake.Shape}, found {shape}.");
        (Reading discriminatorLoss, Reading? accuracy) = DiscriminatorStep(real, fake, classes);
        if (!generatorFollows) return new GanLosses(discriminatorLoss, null) { Accuracy = accuracy };

        // L_G, with the D that has just been updated; only G's gradients are computed
        Tensor generatorLoss = Training.Objective.GeneratorLoss(Opponent(), real, fake, classes);
        foreach (IGeneratorRegularizer regularizer in Training.GeneratorRegularizers)
            generatorLoss += regularizer.Penalty(Generator, fake);
        Tensor[] gradients = tape.Gradients(generatorLoss, _generatorOptimizer.Parameters);
        Reading norm = GradientClipping.Norm(gradients);
        _generatorOptimizer.Step(gradients);
        _average?.Update();
        return new GanLosses(discriminatorLoss, generatorLoss) { Accuracy = accuracy, GradientNorm = norm };
    }

    /// <summary>Noise to generate from: standard normal, [count, latent]. It belongs to no tape; dispose it when done.</summary>
    /// <param name="count">The number of samples.</param>
    public Tensor Noise(int count) => Tensor.Normal([count, Latent], _random, dtype: _dtype, device: _device);

    /// <summary>
    /// Noise to generate from that is normal within a threshold: what lies beyond is drawn again (Brock et al. 2018, BigGAN,
    /// arXiv:1809.11096, section 3.1: truncation). The lower the threshold, the more typical are the samples and the less they vary.
    /// </summary>
    /// <param name="count">The number of samples.</param>
    /// <param name="truncation">The threshold, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is not above 0.</exception>
    public Tensor Noise(int count, double truncation)
    {
        if (!(truncation > 0)) throw new ArgumentOutOfRangeException(
            nameof(truncation), truncation, FormattableString.Invariant($"Noise: expected a truncation above 0, found {truncation}."));
        Tensor noise = Tensor.Zeros([count, Latent], _dtype, _device);
        Initializers.TruncatedNormal(1, bound: truncation)(noise.Storage, noise.Shape, _random);
        return noise;
    }

    /// <summary>
    /// Sets the running statistics of the generator's batch normalisations to the mean over passes of new noise, with the weights that
    /// <see cref="Sample(int, CancellationToken)"/> uses (<see cref="StandingStatistics"/>). Those that training has left belong to the
    /// weights of each step, not to their average. Training itself does not use them.
    /// </summary>
    /// <param name="passes">The number of passes; at least 1.</param>
    /// <param name="count">Samples in each.</param>
    /// <param name="labels">Their classes, one for each; only a conditional generator needs them.</param>
    /// <param name="truncation">The threshold of the noise, for samples of the same; null for none.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass.</param>
    /// <exception cref="ArgumentException">The generator needs labels, or there are more or fewer than samples.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no passes, or the threshold is not above 0.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public void GatherStatistics(
        int passes, int count, ReadOnlySpan<int> labels = default, double? truncation = null, CancellationToken cancellation = default)
    {
        if (labels.Length != 0 && labels.Length != count) throw new ArgumentException(
            $"Gan.GatherStatistics: expected a label for each of {count} samples, or none, found {labels.Length}.");
        using Tensor? classes = labels.Length == 0 ? null : Tensor.From(labels, [labels.Length], _device);
        using IDisposable? average = _average?.Use();
        StandingStatistics.Gather(Generator, passes, _ =>
        {
            cancellation.ThrowIfCancellationRequested();
            using Tensor noise = truncation is { } threshold ? Noise(count, threshold) : Noise(count);
            using Tape tape = new(_device, record: false);
            Generate(noise, classes);
        });
    }

    /// <summary>Generates a number of samples from new noise.</summary>
    /// <param name="count">The number of samples.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass for some hundred samples.</param>
    /// <returns>The samples, in row-major order.</returns>
    /// <exception cref="ArgumentException">The generator needs labels.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Sample(int count, CancellationToken cancellation = default)
    {
        using Tensor noise = Noise(count);
        return Sample(noise, [], cancellation);
    }

    /// <summary>
    /// Generates samples from noise, with the generator in evaluation mode meanwhile, and with the average of its weights where there is
    /// one.
    /// </summary>
    /// <param name="noise">[count, latent].</param>
    /// <param name="labels">The classes of what is to be generated, one for each; only a conditional generator needs them.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass for some hundred samples.</param>
    /// <returns>The samples, in row-major order.</returns>
    /// <exception cref="ArgumentException">The generator needs labels, or there are more or fewer than samples.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Sample(Tensor noise, ReadOnlySpan<int> labels = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(noise);
        if (labels.Length != 0 && (noise.Shape.Rank == 0 || labels.Length != noise.Shape[0])) throw new ArgumentException(
            $"Gan.Sample: expected a label for each sample of noise {noise.Shape}, or none, found {labels.Length}.");
        if (labels.Length == 0) return Sample(noise, (Tensor?)null, cancellation);
        using Tensor classes = Tensor.From(labels, [labels.Length], _device);
        return Sample(noise, classes, cancellation);
    }

    /// <summary>
    /// Generates samples from noise under a condition; see <see cref="Sample(Tensor, ReadOnlySpan{int}, CancellationToken)"/>.
    /// </summary>
    /// <param name="noise">[count, latent].</param>
    /// <param name="condition">What the generator takes beside the noise, [count, ...]: labels, or weights of classes; null for a generator
    /// without a condition.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass for some hundred samples.</param>
    /// <returns>The samples, in row-major order.</returns>
    /// <exception cref="ArgumentException">The generator needs a condition, or there are more or fewer than samples.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Sample(Tensor noise, Tensor? condition, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(noise);
        int count = noise.Shape.Rank == 0 ? 1 : noise.Shape[0];
        if (condition is not null && (condition.Shape.Rank == 0 || condition.Shape[0] != count)) throw new ArgumentException(
            $"Gan.Sample: expected a condition for each sample of noise {noise.Shape}, found {condition.Shape}.");
        using IDisposable evaluation = Generator.Evaluating();
        using IDisposable? average = _average?.Use();
        List<float> samples = [];
        for (int first = 0; first == 0 || first < count; first += MostAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int size = Math.Min(MostAtOnce, count - first);
            using Tape tape = new(_device, record: false);
            samples.AddRange(Generate(Part(noise), condition is null ? null : Part(condition)).Cast(DType.Float32).ToArray());

            Tensor Part(Tensor all) => size == count ? all : all.Slice(0, first, size);
        }

        return [.. samples];
    }

    /// <summary>Exchanges the generator's weights for their average until the result is disposed of; null where there is none.</summary>
    public IDisposable? UseAverage() => _average?.Use();

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("generator", Generator);
        visitor.Part("discriminator", Discriminator);
        visitor.Part("generator_optimizer", _generatorOptimizer);
        visitor.Part("discriminator_optimizer", _discriminatorOptimizer);
        if (_average is not null) visitor.Part("generator_average", _average);
        visitor.Random("random", _random);
    }

    /// <summary>Releases the networks, the optimizers and the average.</summary>
    public void Dispose()
    {
        _average?.Dispose();
        _generatorOptimizer.Dispose();
        _discriminatorOptimizer.Dispose();
        Generator.Dispose();
        Discriminator.Dispose();
    }

    // On a tape of its own, so that what D computed is released before the generator's step begins: the two need their memory in turn.
    private (Reading Loss, Reading? Accuracy) DiscriminatorStep(Tensor real, Tensor fake, Tensor? labels)
    {
        using Tape tape = new(_device);
        (real, fake) = (real.Detach(), fake.Detach());
        if (Training.Regularizers.Count > 0)
        {
            tape.Watch(real);
            tape.Watch(fake);
        }

        // L_D and its penalties, with G held fixed
        Discriminator d = Opponent();
        Tensor loss = Training.Objective.DiscriminatorLoss(d, real, fake, labels);
        foreach (IDiscriminatorRegularizer regularizer in Training.Regularizers) loss += regularizer.Penalty(d, real, fake, labels);
        _discriminatorOptimizer.Step(tape.Gradients(loss, _discriminatorOptimizer.Parameters));
        foreach (IWeightConstraint constraint in Training.Constraints) constraint.Apply(Discriminator);
        return (loss, Accuracy(d.KnownScores(real, labels), d.KnownScores(fake, labels)));
    }

    /// <summary>The share of samples on the right side of the objective's boundary, one on it counting half.</summary>
    private Reading? Accuracy(Tensor? onReal, Tensor? onGenerated)
    {
        if (onReal is null || onGenerated is null) return null;
        (Tensor x, Tensor g) = (onReal.Detach(), onGenerated.Detach());
        Tensor boundary = Training.Objective.Boundary is { } score ? Tensor.Full([], score, x.DType) : 0.5 * (x.Mean() + g.Mean());
        Tensor right = (x.Greater(boundary) + x.GreaterOrEqual(boundary)).Mean() + (g.Less(boundary) + g.LessOrEqual(boundary)).Mean();
        return 0.25 * right;
    }

    private Discriminator Opponent() => new(Discriminator, _random)
    {
        Augmentation = Training.Augmentation, Packing = Training.Packing,
    };

    private Tensor Generate(Tensor noise, Tensor? labels) => Generator is not ConditionalModule conditional ? Generator.Forward(noise)
        : conditional.Forward(noise, labels ?? throw new ArgumentException(
            $"Gan: expected labels for the generator {Generator.GetType().Name}, found none."));
}
