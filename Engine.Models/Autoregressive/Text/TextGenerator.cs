using Engine.Autograd;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// Continues a sequence token by token. While it fits the block, a token is drawn given all before it; when the block is full, it
/// continues with its newer half, so that with a cache only one pass in half a block covers more than one position. With and without a
/// cache the same is computed.
/// </summary>
/// <param name="model">The model.</param>
public sealed class TextGenerator(Transformer model)
{
    /// <summary>Draws what follows.</summary>
    /// <param name="prompt">The first tokens, at least one.</param>
    /// <param name="count">How many to draw.</param>
    /// <param name="sampling">How to draw.</param>
    /// <param name="random">The source of randomness.</param>
    /// <param name="useCache">False recomputes every position for each token: slow, for comparison.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each token.</param>
    /// <returns>The tokens that were drawn.</returns>
    /// <exception cref="ArgumentException">There is no prompt, or an option of the draw is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public int[] Continue(
        ReadOnlySpan<int> prompt, int count, TokenSampling sampling, RandomStream random, bool useCache = true,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (prompt.Length == 0) throw new ArgumentException("TextGenerator: a prompt needs at least one token.");
        Device device = model.Parameters[0].Device;
        using IDisposable evaluation = model.Evaluating();
        using TransformerCache? cache = useCache ? model.NewCache(1) : null;
        int block = model.Extents.Block;
        List<int> tokens = [.. prompt];
        float[] draws = Uniform(device, count, random);
        int start = Math.Max(0, tokens.Count - block);
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (tokens.Count - start > block)
            {
                start = tokens.Count - Math.Max(1, block / 2);
                cache?.Clear();
            }

            int known = start + (cache?.Length ?? 0);
            tokens.Add(sampling.Draw(Logits(device, [.. tokens[known..]], cache), draws[i]));
        }

        return [.. tokens[prompt.Length..]];
    }

    /// <summary>The logits after the last of some tokens.</summary>
    private float[] Logits(Device device, int[] tokens, TransformerCache? cache)
    {
        using Tape tape = new(device, record: false);
        Tensor logits = model.Forward(Tensor.From(tokens, [1, tokens.Length]), cache);
        return logits.Slice(1, tokens.Length - 1, 1).Cast(DType.Float32).ToArray();
    }

    private static float[] Uniform(Device device, int count, RandomStream random)
    {
        using Tape tape = new(device, record: false);
        return count == 0 ? [] : Tensor.Uniform([count], random).ToArray();
    }
}
