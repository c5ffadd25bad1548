using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Nn;

/// <summary>Zeroes each element with a probability and scales the others up, while training; returns its input in evaluation.</summary>
public sealed class Dropout : Module
{
    private readonly double _probability;
    private readonly RandomStream _random;

    /// <summary>Creates the layer.</summary>
    /// <param name="probability">The probability of zero, in [0, 1).</param>
    /// <param name="options">Where the masks come from: every pass in training moves the stream on.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is not in [0, 1).</exception>
    public Dropout(double probability, ModuleOptions options)
    {
        if (!((float)probability is >= 0 and < 1)) throw new ArgumentOutOfRangeException(
            nameof(probability), probability, $"Dropout: the probability must be in [0, 1), found {probability}.");
        ArgumentNullException.ThrowIfNull(options);
        _probability = probability;
        _random = UseRandom(options.Random);
    }

    internal double Probability => _probability;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => IsTraining ? x.Dropout(_probability, _random) : x;
}
