using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;

namespace Engine.Models.Files;

/// <summary>A model that continues a text.</summary>
public sealed class TextModel : TrainedModel
{
    private readonly Continuing _continue;

    internal TextModel(ModelDescription description, CharacterVocabulary vocabulary, Continuing continues, IDisposable network)
        : base(description, network) => (Vocabulary, _continue) = (vocabulary, continues);

    internal delegate int[] Continuing(
        int[] beginning, int count, TokenSampling sampling, RandomStream random, CancellationToken cancellation);

    /// <summary>The characters that it knows.</summary>
    public CharacterVocabulary Vocabulary { get; }

    /// <summary>What a text begins with where nothing else is asked for: a line break where there is one, or else a space.</summary>
    public string DefaultPrompt
    {
        get
        {
            string[] known = [.. Vocabulary.Characters.Select(character => character.ToString())];
            return known.Contains("\n") ? "\n" : known.Contains(" ") ? " " : known[0];
        }
    }

    /// <summary>Continues a text.</summary>
    /// <param name="prompt">The text; at least one character.</param>
    /// <param name="count">Characters to write.</param>
    /// <param name="sampling">How characters are drawn.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each character.</param>
    /// <returns>The text and what follows.</returns>
    /// <exception cref="DataException">A character of the prompt is not known.</exception>
    /// <exception cref="ArgumentException">The prompt is empty.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public string Write(
        string prompt, int count, TokenSampling sampling, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentNullException.ThrowIfNull(random);
        return prompt + Vocabulary.Decode(_continue(Vocabulary.Encode(prompt), count, sampling, random, cancellation));
    }
}

/// <summary>A model of whole lines.</summary>
public sealed class LineModel : TrainedModel
{
    private readonly int _latent;
    private readonly Writing _write;

    internal LineModel(ModelDescription description, int latent, Writing write, IDisposable network)
        : base(description, network) => (_latent, _write) = (latent, write);

    internal delegate string[] Writing(
        float[] latents, int count, TokenSampling sampling, RandomStream random, CancellationToken cancellation);

    /// <summary>Draws lines.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="sampling">How characters are drawn.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public string[] Sample(int count, TokenSampling sampling, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentNullException.ThrowIfNull(random);
        return _write(NormalDraws.Of(count * _latent, random), count, sampling, random, cancellation);
    }

    /// <summary>From one line to another through the latents, the likeliest line at each step.</summary>
    /// <param name="steps">Lines, with the two ends; at least 2.</param>
    /// <param name="random">The source of the ends.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public string[] Interpolate(int steps, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        ArgumentNullException.ThrowIfNull(random);
        float[] ends = NormalDraws.Of(2 * _latent, random);
        float[] line = [.. Enumerable.Range(0, steps).SelectMany(i => Enumerable.Range(0, _latent).Select(
            d => ends[d] + ((ends[_latent + d] - ends[d]) * i / (steps - 1f))))];
        return _write(line, steps, new TokenSampling { Temperature = 0 }, random, cancellation);
    }
}

/// <summary>A model of vectors: points, stretches of a series.</summary>
public sealed class VectorModel : TrainedModel
{
    private readonly Func<int, RandomStream, CancellationToken, float[]> _draw;

    internal VectorModel(
        ModelDescription description, int dimensions, Func<int, RandomStream, CancellationToken, float[]> draw, IDisposable network)
        : base(description, network) => (Dimensions, _draw) = (dimensions, draw);

    /// <summary>Values of a vector.</summary>
    public int Dimensions { get; }

    /// <summary>Draws vectors.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>[count, dimensions], in row-major order.</returns>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Sample(int count, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentNullException.ThrowIfNull(random);
        return _draw(count, random, cancellation);
    }
}
