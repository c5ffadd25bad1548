using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;

namespace Engine.Models.Adversarial;

/// <summary>How a <see cref="Gan"/> is trained. What is left as it is gives the plain GAN: Adam for both, a step of each in turn.</summary>
/// <example>
/// <code>
/// GanOptions wgan = new()
/// {
///     Objective = new WassersteinObjective(), Regularizers = [new GradientPenalty(10)], DiscriminatorSteps = 5,
///     GeneratorOptimizer = parameters => new Adam(parameters, 1e-4, beta1: 0, beta2: 0.9),
///     DiscriminatorOptimizer = parameters => new Adam(parameters, 1e-4, beta1: 0, beta2: 0.9),
/// };
/// </code>
/// </example>
public sealed record GanOptions
{
    private readonly int _discriminatorSteps = 1, _packing = 1;
    private readonly double? _averageDecay;

    /// <summary>The losses; that of the paper, from logits, unless another is set.</summary>
    public AdversarialObjective Objective { get; init; } = new NonSaturatingObjective();

    /// <summary>The learning rate of the optimizers that are not set here.</summary>
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>
    /// The discriminator's own rate where its optimizer is not set; null for the same one. Several times the generator's is the rule of two
    /// time scales, under which the two converge (Heusel et al. 2017, arXiv:1706.08500).
    /// </summary>
    public double? DiscriminatorLearningRate { get; init; }

    /// <summary>
    /// Adam's decay of the mean gradient, for both, where the optimizers are not set. Less than the usual 0.9 stabilises training, because
    /// the past of a moving opponent misleads (Radford et al. 2015, arXiv:1511.06434, section 4).
    /// </summary>
    public double Beta1 { get; init; } = 0.5;

    /// <summary>Adam's decay of the mean squared gradient, for both, where the optimizers are not set.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Makes the generator's optimizer; null for <see cref="Adam"/> with the rates above.</summary>
    public Func<IReadOnlyList<Parameter>, Optimizer>? GeneratorOptimizer { get; init; }

    /// <summary>Makes the discriminator's optimizer; null for <see cref="Adam"/> with the rates above.</summary>
    public Func<IReadOnlyList<Parameter>, Optimizer>? DiscriminatorOptimizer { get; init; }

    /// <summary>
    /// Steps of the discriminator to each one of the generator, at least 1: every call of <see cref="Gan.Step"/> is one of the
    /// discriminator, and each that completes so many is followed by one of the generator.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int DiscriminatorSteps
    {
        get => _discriminatorSteps;
        init => _discriminatorSteps = value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value, $"DiscriminatorSteps: expected at least 1 to each step of the generator, found {value}.");
    }

    /// <summary>
    /// The decay of an average of the generator's weights, which samples are then drawn with
    /// (<see cref="ExponentialMovingAverage"/>); null for none.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not in [0, 1).</exception>
    public double? AverageDecay
    {
        get => _averageDecay;
        init => _averageDecay = value is null or (>= 0 and < 1) ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value, FormattableString.Invariant($"AverageDecay: expected a decay in [0, 1), found {value}."));
    }

    /// <summary>Terms that are added to the discriminator's loss, in this order.</summary>
    public IReadOnlyList<IDiscriminatorRegularizer> Regularizers { get; init; } = [];

    /// <summary>Terms that are added to the generator's loss, in this order.</summary>
    public IReadOnlyList<IGeneratorRegularizer> GeneratorRegularizers { get; init; } = [];

    /// <summary>What the discriminator's weights are brought back to after each of its steps.</summary>
    public IReadOnlyList<IWeightConstraint> Constraints { get; init; } = [];

    /// <summary>What real and generated samples pass before the discriminator sees them; null for nothing.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>How many samples the discriminator sees side by side: see <see cref="Discriminator.Packing"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Packing
    {
        get => _packing;
        init => _packing = value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value, $"Packing: expected at least 1 sample in a group, found {value}.");
    }

    /// <summary>The generator's optimizer.</summary>
    internal Optimizer OfGenerator(Module generator) => Made(
        nameof(GeneratorOptimizer), generator, GeneratorOptimizer ?? (parameters => new Adam(parameters, LearningRate, Beta1, Beta2)));

    /// <summary>The discriminator's optimizer.</summary>
    internal Optimizer OfDiscriminator(Module discriminator) => Made(
        nameof(DiscriminatorOptimizer), discriminator,
        DiscriminatorOptimizer ?? (parameters => new Adam(parameters, DiscriminatorLearningRate ?? LearningRate, Beta1, Beta2)));

    private static Optimizer Made(string name, Module network, Func<IReadOnlyList<Parameter>, Optimizer> make)
    {
        Optimizer optimizer = make(network.Parameters) ?? throw new ArgumentException($"{name}: expected an optimizer, found null.");
        if (optimizer.Parameters.Except(network.Parameters).FirstOrDefault() is not { } foreign) return optimizer;
        optimizer.Dispose();
        throw new ArgumentException($"{name}: expected an optimizer of the network's parameters, found one of '{foreign.FullName}' too.");
    }
}

/// <summary>The losses of a training step of a GAN: in nats, where the objective is a cross-entropy.</summary>
/// <param name="Discriminator">On real samples plus on generated ones; 2 log 2 when it cannot tell them apart.</param>
/// <param name="GeneratorStep">The generator's loss; null where the step was one of the discriminator alone.</param>
public readonly record struct GanLosses(Reading Discriminator, Reading? GeneratorStep)
{
    /// <summary>
    /// How far the discriminator is from taking generated samples for real ones; log 2 when it cannot tell.
    /// </summary>
    /// <exception cref="InvalidOperationException">The step was one of the discriminator alone.</exception>
    public Reading Generator => GeneratorStep ?? throw new InvalidOperationException(
        "Generator: this step was one of the discriminator alone (GanOptions.DiscriminatorSteps); see GeneratorStep.");

    /// <summary>
    /// The share of the batch, real and generated, that the discriminator took for what it is, before its step: see
    /// <see cref="AdversarialObjective.Boundary"/>. One half when it cannot tell; null where the objective did not score the samples.
    /// </summary>
    public Reading? Accuracy { get; init; }

    /// <summary>
    /// The norm of the gradient of the generator's loss with respect to all of its weights; null where the step was one of the
    /// discriminator alone.
    /// </summary>
    public Reading? GradientNorm { get; init; }

    /// <summary>What a report shows by step: d_accuracy and g_gradient, where there is either.</summary>
    public (string Name, Reading Value)[] Signs() =>
        [.. Accuracy is { } accuracy ? (ReadOnlySpan<(string, Reading)>)[(GanWatch.AccuracyName, accuracy)] : [],
            .. GradientNorm is { } norm ? (ReadOnlySpan<(string, Reading)>)[(GanWatch.GradientName, norm)] : []];

    /// <summary>The losses for a report: d_loss, and g_loss where the generator made a step.</summary>
    public (string Name, Reading Value)[] Named() =>
        GeneratorStep is { } generator ? [("d_loss", Discriminator), ("g_loss", generator)] : [("d_loss", Discriminator)];
}
