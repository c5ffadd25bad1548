using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// Zero with a probability, scaled by 1 / (1 - probability) otherwise (Srivastava et al. 2014, JMLR 15). The mask is a function of the
    /// random stream's position, so the backward pass makes it again instead of storing it.
    /// </summary>
    /// <param name="probability">The probability of zero, in [0, 1).</param>
    /// <param name="random">Where the mask comes from; moved on by as many numbers as there are elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is not in [0, 1).</exception>
    public Tensor Dropout(double probability, RandomStream random)
    {
        if (!(probability is >= 0 and < 1)) throw new ArgumentOutOfRangeException(
            nameof(probability), probability, "Dropout: the probability must be in [0, 1).");
        if (probability == 0) return this;
        return Masked(this, probability, random.Key, random.Reserve(Count));
    }

    private static Tensor Masked(Tensor x, double probability, ulong key, long offset)
    {
        Tape tape = Autograd.Tape.Open(nameof(Dropout));
        Tensor y = tape.NewTensor(x.Shape, x.DType);
        RandomDropout.Run(x.Storage, y.Storage, (float)probability, key, offset);
        return tape.Record(nameof(Dropout), y, new Rule(x, g => Masked(g, probability, key, offset)));
    }
}
