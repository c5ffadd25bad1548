using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Adversarial;

/// <summary>What a discriminator says of samples.</summary>
/// <param name="Scores">s, [rows, 1]: logits or the like, larger for samples that look real.</param>
/// <param name="Features">Hidden features of the samples, [rows, ...]; null when it has none to show.</param>
/// <param name="ClassLogits">Logits of the classes of the samples, [rows, classes]; null when it does not classify.</param>
public readonly record struct DiscriminatorOutput(Tensor Scores, Tensor? Features = null, Tensor? ClassLogits = null);

/// <summary>A network that says more of samples than a score, or judges them with their labels.</summary>
public interface IDiscriminatorNetwork
{
    /// <summary>Judges samples.</summary>
    /// <param name="x">The samples, [rows, ...].</param>
    /// <param name="labels">Their classes, int32 [rows]; null when there are none.</param>
    DiscriminatorOutput Judge(Tensor x, Tensor? labels);
}

/// <summary>
/// A discriminator as objectives and regularizers see it while one loss is computed: a network behind an augmentation and a packing. What
/// it has computed for a tensor it remembers, so that a penalty on real samples shares their pass through the network with the objective.
/// Make a new one for each loss, on its tape.
/// </summary>
/// <example>
/// <code>
/// using Tape tape = new();
/// Discriminator d = new(network, random);
/// Tensor loss = new HingeObjective().DiscriminatorLoss(d, real, fake, labels: null);
/// </code>
/// </example>
public sealed class Discriminator
{
    private readonly List<(Tensor X, Tensor? Labels, DiscriminatorOutput Output)> _known = [];
    private readonly int _packing = 1;

    /// <summary>Wraps a network.</summary>
    /// <param name="network">
    /// Any module: [rows, ...] to scores [rows, 1]; a <see cref="ConditionalModule"/> gets the labels beside the samples, an
    /// <see cref="IDiscriminatorNetwork"/> shows features and logits of classes as well.
    /// </param>
    /// <param name="random">Where augmentations, and penalties at random places, draw from.</param>
    public Discriminator(Module network, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(random);
        (Network, Random) = (network, random);
    }

    /// <summary>The network.</summary>
    public Module Network { get; }

    /// <summary>Where augmentations, and penalties at random places, draw from.</summary>
    public RandomStream Random { get; }

    /// <summary>What all samples pass before the network sees them; null for nothing.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>
    /// m: how many samples the network sees side by side and judges together (Lin et al. 2018, PacGAN, arXiv:1712.04086). A batch that
    /// lacks variety shows in such a group, so that a generator which collapses to few modes is found out.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Packing
    {
        get => _packing;
        init => _packing = value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value, $"Packing: expected at least 1 sample in a group, found {value}.");
    }

    /// <summary>The scores of samples, one for each group of <see cref="Packing"/>.</summary>
    /// <param name="x">The samples, [samples, ...].</param>
    /// <param name="labels">Their classes, int32 [samples]; only networks that are conditional need them.</param>
    /// <exception cref="ArgumentException">The samples do not fill groups, or a conditional network lacks labels.</exception>
    public Tensor Scores(Tensor x, Tensor? labels = null) => Judge(x, labels).Scores;

    /// <summary>
    /// Hidden features of samples: those that the network shows, or of a <see cref="Sequential"/> what its last layer with parameters gets.
    /// </summary>
    /// <param name="x">The samples, [samples, ...].</param>
    /// <param name="labels">Their classes, int32 [samples]; only networks that are conditional need them.</param>
    /// <exception cref="InvalidOperationException">The network shows no features.</exception>
    public Tensor Features(Tensor x, Tensor? labels = null)
    {
        if (Network is Sequential chain && Network is not IDiscriminatorNetwork)
        {
            int last = chain.Layers.Count - 1;
            while (last > 0 && chain.Layers[last].Parameters.Count == 0) last--;
            if (last > 0)
            {
                Tensor features = Seen(x);
                foreach (Module layer in chain.Layers.Take(last)) features = layer.Forward(features);
                return features;
            }
        }

        return Judge(x, labels).Features ?? throw new InvalidOperationException(
            $"Features: expected a discriminator that shows hidden features, a Sequential of several layers or an "
            + $"{nameof(IDiscriminatorNetwork)}, found {Network.GetType().Name}.");
    }

    /// <summary>Logits of the classes of samples.</summary>
    /// <param name="x">The samples, [samples, ...].</param>
    /// <param name="labels">Their classes, int32 [samples]; only networks that are conditional need them.</param>
    /// <returns>[samples, classes].</returns>
    /// <exception cref="InvalidOperationException">The network does not classify.</exception>
    public Tensor ClassLogits(Tensor x, Tensor? labels = null) => Judge(x, labels).ClassLogits ?? throw new InvalidOperationException(
        $"ClassLogits: expected a discriminator that classifies, such as {nameof(ClassifyingDiscriminator)}, found "
        + $"{Network.GetType().Name}.");

    /// <summary>
    /// The gradient of each score with respect to the samples that it is about, recorded so that it can be differentiated again. It takes
    /// for granted that a score depends on its own samples only: batch normalisation and statistics of the batch break that.
    /// </summary>
    /// <param name="x">The samples, [samples, ...], watched by the tape (<see cref="Tape.Watch"/>) before they were judged.</param>
    /// <param name="labels">Their classes, int32 [samples]; only networks that are conditional need them.</param>
    /// <returns>[groups, elements]: a row for each score.</returns>
    /// <exception cref="ArgumentException">The samples are not watched.</exception>
    /// <exception cref="InvalidOperationException">No tape is open.</exception>
    public Tensor InputGradients(Tensor x, Tensor? labels = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!x.IsLeaf && x.Node < 0) throw new ArgumentException(
            $"InputGradients: expected samples that the tape watches, found {x.DType} {x.Shape} that it does not. Call Tape.Watch before "
            + "the discriminator sees them.");
        Tape tape = Tape.Open(nameof(InputGradients), x);
        Tensor gradient = tape.Gradient(Scores(x, labels).Sum(), x, createGraph: true);
        return gradient.Reshape(x.Shape[0] / Packing, -1);
    }

    /// <summary>The scores of samples where they have been computed already; null elsewhere.</summary>
    internal Tensor? KnownScores(Tensor x, Tensor? labels) => Known(x, labels)?.Scores;

    private DiscriminatorOutput? Known(Tensor x, Tensor? labels)
    {
        foreach ((Tensor known, Tensor? beside, DiscriminatorOutput output) in _known)
            if (ReferenceEquals(known, x) && ReferenceEquals(beside, labels)) return output;
        return null;
    }

    private DiscriminatorOutput Judge(Tensor x, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Known(x, labels) is { } output) return output;
        Tensor seen = Seen(x);
        bool takesLabels = Network is ConditionalModule;
        if (takesLabels && Packing > 1) throw new ArgumentException(
            $"Packing: expected a discriminator of samples alone, found {Network.GetType().Name}, which takes labels.");
        DiscriminatorOutput found = Network switch
        {
            IDiscriminatorNetwork network => network.Judge(seen, labels),
            ConditionalModule network => new DiscriminatorOutput(network.Forward(seen, labels ?? throw new ArgumentException(
                $"{Network.GetType().Name}: expected labels of the {x.Shape[0]} samples, found none."))),
            _ => new DiscriminatorOutput(Network.Forward(seen)),
        };
        _known.Add((x, labels, found));
        return found;
    }

    /// <summary>What the network gets: augmented, and packed.</summary>
    private Tensor Seen(Tensor x)
    {
        Tensor seen = Augmentation?.Apply(x, Random) ?? x;
        return Packing == 1 ? seen : Pack(seen, Packing);
    }

    /// <summary>[samples, ..., channels] to [samples / m, ..., m channels]: neighbours in the batch side by side.</summary>
    private static Tensor Pack(Tensor x, int m)
    {
        if (x.Shape.Rank < 2 || x.Shape[0] % m != 0) throw new ArgumentException(
            $"Packing: expected samples [samples, ...] that fill groups of {m}, found {x.Shape}.");
        int[] shape = x.Shape.ToArray(), inner = shape[1..^1];
        int channels = shape[^1], rank = inner.Length;
        if (rank == 0) return x.Reshape(shape[0] / m, m * channels);

        // [groups, m, ..., channels] to [groups, ..., m, channels]
        int[] order = [0, .. Enumerable.Range(2, rank), 1, rank + 2];
        return x.Reshape([shape[0] / m, m, .. inner, channels]).Permute(order).Reshape([shape[0] / m, .. inner, m * channels]);
    }
}
