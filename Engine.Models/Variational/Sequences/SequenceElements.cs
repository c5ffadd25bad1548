using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;

namespace Engine.Models.Variational.Sequences;

/// <summary>
/// Sequences of a batch, as tensors of the open tape. A decoder guesses each element from those before it, and the first from a sign for
/// the beginning.
/// </summary>
/// <param name="Elements">What an encoder reads: [batch, steps, ...].</param>
/// <param name="Inputs">What a decoder reads, one step behind: a sign for the beginning, then the elements, some of them left out.</param>
/// <param name="Targets">What the decoder is to guess.</param>
/// <param name="Lengths">The steps of each sequence; what lies behind is padding.</param>
public sealed record SequenceBatch(Tensor Elements, Tensor Inputs, Tensor Targets, int[] Lengths)
{
    /// <summary>Sequences side by side.</summary>
    public int Count => Lengths.Length;

    /// <summary>Steps of the longest sequence.</summary>
    public int Steps => Targets.Shape[1];
}

/// <summary>What sequences consist of: how an element is read, and how the next one is distributed.</summary>
public abstract class SequenceElements : Module
{
    /// <summary>Features of an element that was read.</summary>
    public abstract int Width { get; }

    /// <summary>[batch, steps, width] for elements [batch, steps, ...].</summary>
    public abstract Tensor Embed(Tensor elements);

    /// <summary>
    /// The parameters of the distribution of the next element, [batch, steps, parameters], from the features of a network,
    /// [batch, steps, features].
    /// </summary>
    public abstract Tensor Parameterize(Tensor features);

    /// <summary>log p of the targets, summed over the steps of each sequence: [batch].</summary>
    /// <param name="parameters">What <see cref="Parameterize"/> gives.</param>
    /// <param name="targets">The targets of a batch.</param>
    public abstract Tensor LogLikelihood(Tensor parameters, Tensor targets);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Embed(x);
}

/// <summary>Tokens, such as the characters of a text: int32 [batch, steps], -1 where a target is padding.</summary>
public sealed class TokenElements : SequenceElements
{
    /// <summary>The target behind the end of a sequence, which costs nothing.</summary>
    public const int Padding = -1;

    private readonly Embedding _embedding;
    private readonly Linear _logits;

    /// <summary>Creates the table and the output.</summary>
    /// <param name="inputs">Tokens that can be read, signs included; at least 1.</param>
    /// <param name="outputs">Tokens that can be guessed, the first of those that can be read; at least 1.</param>
    /// <param name="width">Features of a token that was read; at least 1.</param>
    /// <param name="features">Features of the network that guesses; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public TokenElements(int inputs, int outputs, int width, int features, ModuleOptions options)
    {
        Width = width;
        _embedding = AddModule("embedding", new Embedding(inputs, width, options, Initializers.Normal(0, 0.1)));
        _logits = AddModule("logits", new Linear(features, outputs, options));
    }

    /// <inheritdoc/>
    public override int Width { get; }

    /// <inheritdoc/>
    public override Tensor Embed(Tensor elements) => _embedding.Forward(elements);

    /// <inheritdoc/>
    public override Tensor Parameterize(Tensor features) => _logits.Forward(features);

    /// <inheritdoc/>
    public override Tensor LogLikelihood(Tensor parameters, Tensor targets) =>
        -Loss.CrossEntropy(parameters, targets, reduction: Reduction.Rows, ignoreIndex: Padding);
}

/// <summary>
/// Real values, such as those of a time series: targets are [batch, steps], each normal given those before it. What is read is
/// [batch, steps, 2]: the value and 1, or 0 and 0 where it is left out.
/// </summary>
public sealed class ValueElements : SequenceElements
{
    private readonly Linear _input;
    private readonly Linear _output;

    /// <summary>Creates input and output.</summary>
    /// <param name="width">Features of a value that was read; at least 1.</param>
    /// <param name="features">Features of the network that guesses; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public ValueElements(int width, int features, ModuleOptions options)
    {
        Width = width;
        _input = AddModule("input", new Linear(2, width, options));
        _output = AddModule("output", new Linear(features, 2, options));
    }

    /// <inheritdoc/>
    public override int Width { get; }

    /// <inheritdoc/>
    public override Tensor Embed(Tensor elements) => _input.Forward(elements);

    /// <inheritdoc/>
    /// <remarks>Mean and log-variance.</remarks>
    public override Tensor Parameterize(Tensor features) => _output.Forward(features);

    /// <inheritdoc/>
    public override Tensor LogLikelihood(Tensor parameters, Tensor targets)
    {
        (Tensor mean, Tensor logVariance) = Split(parameters);
        return Autograd.Likelihoods.LogLikelihood.Gaussian(targets, mean, logVariance);
    }

    /// <summary>Mean and log-variance, [batch, steps] each.</summary>
    internal static (Tensor Mean, Tensor LogVariance) Split(Tensor parameters)
    {
        (int batch, int steps) = (parameters.Shape[0], parameters.Shape[1]);
        return (parameters.Slice(2, 0, 1).Reshape(batch, steps), parameters.Slice(2, 1, 1).Reshape(batch, steps));
    }
}
