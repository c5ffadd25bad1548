using Engine.Autograd.Nn;

namespace Engine.Models.Variational;

/// <summary>
/// The one-layer model and the training of Burda, Grosse and Salakhutdinov (2016, arXiv:1509.00519, section 5): 784-200-200-50 with tanh, Adam
/// with epsilon 1e-4, batches of 20, and a learning rate of 0.001 10^(-i / 7) for 3^i epochs, i = 0 ... 7.
/// </summary>
public static class IwaeRecipe
{
    /// <summary>The last of the stages; they count from 0.</summary>
    public const int LastStage = 7;

    /// <summary>Images in a batch.</summary>
    public const int Batch = 20;

    /// <summary>Adam's epsilon.</summary>
    public const double Epsilon = 1e-4;

    /// <summary>The epochs of stages 0 to <paramref name="last"/>: 1 + 3 + ... + 3^last; 3,280 for all.</summary>
    public static int Epochs(int last = LastStage)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(last);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(last, LastStage);
        int epochs = 0;
        for (int stage = 0, length = 1; stage <= last; stage++, length *= 3) epochs += length;
        return epochs;
    }

    /// <summary>The learning rate of an epoch.</summary>
    /// <param name="epoch">From 0.</param>
    public static double LearningRate(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int stage = 0;
        while (stage < LastStage && epoch >= Epochs(stage)) stage++;

        // 0.001 10^(-i / 7)
        return 1e-3 * Math.Pow(10, -stage / 7.0);
    }

    /// <summary>The model: Xavier weights, biases 0, those of the pixels the logits of the data's mean.</summary>
    /// <param name="pixelLogits">What the decoder's output starts at: <see cref="BinaryImages.MeanLogits"/>.</param>
    /// <param name="options">Device, type and randomness.</param>
    /// <param name="latent">Dimensions of z.</param>
    public static Vae Network(ReadOnlySpan<float> pixelLogits, ModuleOptions options, int latent = 50)
    {
        const int Hidden = 200;
        int pixels = pixelLogits.Length;
        Initializer weights = Initializers.XavierUniform(), zero = Initializers.Zeros;
        Linear Layer(int inputs, int outputs) => new(inputs, outputs, options, true, weights, zero);
        Linear output = Layer(Hidden, pixels);
        output.Bias!.Set(pixelLogits);
        return new Vae(
            new GaussianEncoder(new Sequential(Layer(pixels, Hidden), new Tanh(), Layer(Hidden, Hidden), new Tanh()), Hidden, latent, options, weights, zero),
            new Sequential(Layer(latent, Hidden), new Tanh(), Layer(Hidden, Hidden), new Tanh(), output));
    }
}
