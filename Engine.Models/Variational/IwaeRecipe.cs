using Engine.Autograd.Nn;
using Engine.Autograd.Optim;

namespace Engine.Models.Variational;

/// <summary>
/// The one-layer model and the training of Burda, Grosse and Salakhutdinov (2016, arXiv:1509.00519, section 5): 784-200-200-50 with tanh,
/// Adam with epsilon 1e-4, batches of 20, and a learning rate of 0.001 10^(-i / 7) for 3^i epochs, i = 0 ... 7.
/// </summary>
public static class IwaeRecipe
{
    /// <summary>Epochs of the whole schedule, 1 + 3 + ... + 3^7; a shorter training is the beginning of it.</summary>
    public const int Epochs = 3280;

    /// <summary>Images in a batch.</summary>
    public const int Batch = 20;

    /// <summary>Adam's epsilon.</summary>
    public const double Epsilon = 1e-4;

    /// <summary>The learning rate of an epoch, counted from 0.</summary>
    /// <param name="pace">How many times shorter than in the paper each stage is: 1 for its own training.</param>
    public static LearningRateSchedule LearningRate(int pace = 1) => epoch => LearningRateSchedules.ImportanceWeighted(epoch * pace);

    /// <summary>The model: Xavier weights, biases 0, those of the pixels the logits of the data's mean.</summary>
    /// <param name="pixelLogits">What the decoder's output starts at: <see cref="BinaryImages.MeanLogits"/>.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="latent">Dimensions of z.</param>
    /// <param name="prior">Makes p(z) from the encoder; null for N(0, 1).</param>
    public static Vae Network(
        ReadOnlySpan<float> pixelLogits, ModuleOptions options, int latent = 50, Func<GaussianEncoder, LatentPrior>? prior = null)
    {
        const int Hidden = 200;
        int pixels = pixelLogits.Length;
        Initializer weights = Initializers.XavierUniform(), zero = Initializers.Zeros;
        Linear Layer(int inputs, int outputs) => new(inputs, outputs, options, true, weights, zero);
        Linear output = Layer(Hidden, pixels);
        output.Bias!.Set(pixelLogits);
        GaussianEncoder encoder = new(
            new Sequential(Layer(pixels, Hidden), new Tanh(), Layer(Hidden, Hidden), new Tanh()), Hidden, latent, options, weights, zero);
        return new Vae(
            encoder, new Sequential(Layer(latent, Hidden), new Tanh(), Layer(Hidden, Hidden), new Tanh(), output), prior?.Invoke(encoder));
    }
}
