using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Adversarial;

/// <summary>
/// A layer of a discriminator that shows it how much the samples beside each other differ (Karras et al. 2017, progressive growing,
/// arXiv:1710.10196, section 3): [samples, ..., channels] to [samples, ..., channels + 1]. The last channel is the standard deviation of
/// each element over the samples of a group, averaged over the elements. A generator that draws the same again and again is found out.
/// </summary>
public sealed class MinibatchStandardDeviation : Module
{
    private const double Epsilon = 1e-8;
    private readonly int? _group;

    /// <summary>Creates the layer.</summary>
    /// <param name="group">Neighbouring samples that are compared with each other, at least 2; null takes the whole batch.</param>
    /// <exception cref="ArgumentOutOfRangeException">The group has fewer than 2 samples.</exception>
    public MinibatchStandardDeviation(int? group = null)
    {
        if (group < 2) throw new ArgumentOutOfRangeException(
            nameof(group), group, $"MinibatchStandardDeviation: expected a group of at least 2 samples, found {group}.");
        _group = group;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The samples do not fill groups, or have no elements.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank < 2 || x.Count == 0) throw new ArgumentException(
            $"MinibatchStandardDeviation: expected samples [samples, ..., channels] with elements, found {x.Shape}.");
        int samples = x.Shape[0], group = _group ?? samples;
        if (samples % group != 0) throw new ArgumentException(
            $"MinibatchStandardDeviation: expected samples that fill groups of {group}, found {x.Shape}.");

        // mean over the elements of sqrt(Var over the group + epsilon)
        Tensor deviation = (x.Reshape(samples / group, group, -1).Variance(1) + Epsilon).Sqrt().Mean(1);
        int[] ones = [.. Enumerable.Repeat(1, x.Shape.Rank)], channel = x.Shape.ToArray();
        channel[^1] = 1;
        Tensor each = deviation.Reshape(-1, 1).BroadcastTo([samples / group, group]).Reshape([samples, .. ones[1..]]);
        return Tensor.Concat(-1, x, each.BroadcastTo(new Shape(channel)));
    }
}
