using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Attention;

namespace Engine.Autograd;

// Attention. Positions keep their channels together, [batch, time, channels]: head h has the channels from h width on.
public partial class Tensor
{
    /// <summary>
    /// Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762) of a sequence to itself, softmax(Q Kᵀ / sqrt(width)) V for each
    /// head, in one kernel that keeps no matrix of weights. This tensor is a packed projection: [batch, time, 3 channels], queries, keys
    /// and values beside each other.
    /// </summary>
    /// <param name="heads">How many heads attend side by side; divides the channels.</param>
    /// <param name="causal">Whether a position attends to itself and those before it only.</param>
    /// <returns>[batch, time, channels].</returns>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    public Tensor SelfAttention(int heads, bool causal = false)
    {
        if (Shape.Rank != 3 || heads < 1 || Shape[2] % (3 * heads) != 0 || Shape[2] == 0)
            throw new ArgumentException(
                $"SelfAttention: expected [batch, time, 3 channels] whose channels {heads} heads divide, found {Shape}.");
        (int batch, int time, int channels) = (Shape[0], Shape[1], Shape[2] / 3);
        if (time == 0) throw new ArgumentException($"SelfAttention: expected at least one position, found {Shape}.");
        Tensor packed = this;
        AttentionShape shape = new(batch, heads, time, time, channels / heads, causal);
        Tape tape = Autograd.Tape.OpenFloating(nameof(SelfAttention), this);
        Tensor y = tape.NewTensor([batch, time, channels], DType), logSumExp = tape.NewTensor([2, batch, heads, time], DType);
        ScaledDotProductAttention.Forward(Part(packed, 0), Part(packed, 1), Part(packed, 2), shape, y.Storage, logSumExp.Storage);
        tape.Trace?.Add(nameof(SelfAttention), y, [this], (heads, causal));
        return tape.Record(nameof(SelfAttention), y, new Rule(packed, Gradient));

        Tensor Gradient(Tensor g)
        {
            if (Autograd.Tape.IsRecordingNow)
            {
                AttentionGradient of = new(
                    packed.Slice(2, 0, channels), packed.Slice(2, channels, channels), packed.Slice(2, 2 * channels, channels), shape);
                return Concat(2, of.Queries(g), of.Keys(g), of.Values(g));
            }

            Tensor result = Autograd.Tape.Open("Gradients").NewTensor(packed.Shape, packed.DType);
            ScaledDotProductAttention.Backward(
                Part(packed, 0), Part(packed, 1), Part(packed, 2), shape, y.Storage, logSumExp.Storage, g.Storage, Part(result, 0),
                Part(result, 1), Part(result, 2));
            return result;
        }

        AttentionRows Part(Tensor of, int part) => AttentionRows.Part(of.Storage, part, 3, time, channels);
    }

    /// <summary>
    /// Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762), softmax(Q Kᵀ / sqrt(width)) V for each head, in one kernel
    /// that keeps no matrix of weights. This tensor is Q: [batch, queries, channels].
    /// </summary>
    /// <param name="keys">K: [batch, keys, channels].</param>
    /// <param name="values">V: [batch, keys, channels].</param>
    /// <param name="heads">How many heads attend side by side; divides the channels.</param>
    /// <param name="causal">Whether a position attends to itself and those before it only; queries are the last of the keys'
    /// positions.</param>
    /// <returns>[batch, queries, channels].</returns>
    /// <exception cref="ArgumentException">The shapes or types do not fit.</exception>
    public Tensor Attention(Tensor keys, Tensor values, int heads, bool causal = false)
    {
        CheckType(nameof(Attention), keys);
        CheckType(nameof(Attention), values);
        Shape k = keys.Shape;
        if (Shape.Rank != 3 || k.Rank != 3 || values.Shape != k || k[0] != Shape[0] || k[2] != Shape[2] || heads < 1 || k[2] == 0
            || k[2] % heads != 0)
        {
            throw new ArgumentException(
                $"Attention: expected [batch, queries, channels] and twice [batch, keys, channels] whose channels {heads} heads divide, "
                + $"found {Shape}, {k} and {values.Shape}.");
        }

        Tensor queries = this;
        AttentionShape shape = new(Shape[0], heads, Shape[1], k[1], k[2] / heads, causal);
        Tape tape = Autograd.Tape.OpenFloating(nameof(Attention), this, keys, values);
        Tensor y = tape.NewTensor(Shape, DType), logSumExp = tape.NewTensor([2, Shape[0], heads, Shape[1]], DType);
        ScaledDotProductAttention.Forward(Rows(queries), Rows(keys), Rows(values), shape, y.Storage, logSumExp.Storage);
        tape.Trace?.Add(nameof(Attention), y, [this, keys, values], (heads, causal));
        return tape.Record(
            nameof(Attention),
            y,
            new Rule(queries, g => Autograd.Tape.IsRecordingNow ? new AttentionGradient(queries, keys, values, shape).Queries(g)
                : Fused(g, queries, 0)),
            new Rule(keys, g => Autograd.Tape.IsRecordingNow ? new AttentionGradient(queries, keys, values, shape).Keys(g)
                : Fused(g, keys, 1)),
            new Rule(values, g => Autograd.Tape.IsRecordingNow ? new AttentionGradient(queries, keys, values, shape).Values(g)
                : Fused(g, values, 2)));

        Tensor Fused(Tensor g, Tensor of, int which)
        {
            Tensor result = Autograd.Tape.Open("Gradients").NewTensor(of.Shape, of.DType);
            AttentionRows to = Rows(result);
            ScaledDotProductAttention.Backward(
                Rows(queries), Rows(keys), Rows(values), shape, y.Storage, logSumExp.Storage, g.Storage, which == 0 ? to : null,
                which == 1 ? to : null, which == 2 ? to : null);
            return result;
        }

        static AttentionRows Rows(Tensor of) => AttentionRows.Part(of.Storage, 0, 1, of.Shape[1], of.Shape[2]);
    }
}
