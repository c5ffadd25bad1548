using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;

namespace Engine.Models.Variational.Sequences;

/// <summary>Writes lines of text with a <see cref="SequenceModel"/> of <see cref="TokenElements"/>, character by character.</summary>
/// <param name="model">The model: the decoder of a VAE, or one without latents.</param>
/// <param name="vocabulary">The characters that it knows; the token behind them ends a line, and begins one.</param>
/// <param name="longest">The most characters of a line.</param>
public sealed class LineWriter(SequenceModel model, CharacterVocabulary vocabulary, int longest)
{
    /// <summary>A writer of lines such as a model was trained on.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">The lines.</param>
    public LineWriter(SequenceModel model, TextLines text) : this(model, Checked(text).Vocabulary, text.Longest)
    {
    }

    /// <summary>Writes lines at latents.</summary>
    /// <param name="latents">[lines, latent]; empty for a model without latents.</param>
    /// <param name="count">How many lines; at least 1.</param>
    /// <param name="sampling">How characters are drawn; a temperature of 0 takes the likeliest.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the writing.</param>
    /// <returns>The lines, none longer than those of the text.</returns>
    /// <exception cref="ArgumentException">There is not one latent for each line.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public string[] Write(
        ReadOnlySpan<float> latents, int count, TokenSampling sampling, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (latents.Length != (long)count * model.Latent) throw new ArgumentException(
            $"LineWriter: latents of {model.Latent} values for each of {count} lines were expected, found {latents.Length} values.");
        Parameter any = model.Parameters[0];
        using IDisposable evaluation = model.Evaluating();
        using Tape tape = new(any.Device, record: false);
        Tensor? z = model.Latent == 0 ? null : Tensor.From(latents, [count, model.Latent]).Cast(any.DType);
        using ICausalSteps steps = model.Begin(z, count);
        int[] last = new int[count];
        Array.Fill(last, vocabulary.Count);
        List<int>[] written = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        bool[] hasEnded = new bool[count];
        for (int step = 0; step < longest && Array.Exists(hasEnded, ended => !ended); step++)
        {
            cancellation.ThrowIfCancellationRequested();
            Tensor features = steps.Next(model.Elements.Embed(Tensor.From(last, [count, 1])));
            float[] logits = model.Elements.Parameterize(features).Cast(DType.Float32).ToArray(), draws = random.Uniform(count);
            int tokens = logits.Length / count;
            for (int i = 0; i < count; i++)
            {
                last[i] = sampling.Draw(logits.AsSpan(i * tokens, tokens), draws[i]);
                hasEnded[i] |= last[i] == vocabulary.Count;
                if (!hasEnded[i]) written[i].Add(last[i]);
            }
        }

        return [.. written.Select(line => vocabulary.Decode([.. line]))];
    }

    private static TextLines Checked(TextLines text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text;
    }
}
