using Engine.Autograd;
using Engine.Autograd.Rules;

namespace Engine.Models.Diffusion;

// With s = sqrt(abar_t) and n = sqrt(1 - abar_t), x_t = s x_0 + n e and v = s e - n x_0 are a rotation of (x_0, e), because s² + n² = 1.
public sealed partial class DiffusionProcess
{
    /// <summary>What a network is to say of x_t.</summary>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="clean">x_0: [samples, ...].</param>
    /// <param name="noise">e, of the same shape.</param>
    /// <param name="steps">t of each sample.</param>
    public Tensor Target(Prediction prediction, Tensor clean, Tensor noise, ReadOnlySpan<int> steps) => prediction switch
    {
        Prediction.Noise => noise,
        Prediction.Clean => clean,
        _ => Mixed(noise, clean, steps, static (s, n) => (s, -n)),
    };

    /// <summary>x_0, from x_t and what was predicted of it.</summary>
    /// <param name="prediction">What was predicted.</param>
    /// <param name="noisy">x_t: [samples, ...].</param>
    /// <param name="predicted">The prediction, of the same shape.</param>
    /// <param name="steps">t of each sample.</param>
    public Tensor Clean(Prediction prediction, Tensor noisy, Tensor predicted, ReadOnlySpan<int> steps) => prediction switch
    {
        Prediction.Noise => Mixed(noisy, predicted, steps, static (s, n) => (1 / s, -n / s)),
        Prediction.Clean => predicted,
        _ => Mixed(noisy, predicted, steps, static (s, n) => (s, -n)),
    };

    /// <summary>e, from x_t and what was predicted of it.</summary>
    /// <inheritdoc cref="Clean"/>
    public Tensor Noise(Prediction prediction, Tensor noisy, Tensor predicted, ReadOnlySpan<int> steps) => prediction switch
    {
        Prediction.Noise => predicted,
        Prediction.Clean => Mixed(noisy, predicted, steps, static (s, n) => (1 / n, -s / n)),
        _ => Mixed(noisy, predicted, steps, static (s, n) => (n, s)),
    };

    /// <summary>v, from x_t and what was predicted of it.</summary>
    /// <inheritdoc cref="Clean"/>
    public Tensor Velocity(Prediction prediction, Tensor noisy, Tensor predicted, ReadOnlySpan<int> steps) => prediction switch
    {
        // v = e / s - (n / s) x_t, and v = (s / n) x_t - x_0 / n
        Prediction.Noise => Mixed(noisy, predicted, steps, static (s, n) => (-n / s, 1 / s)),
        Prediction.Clean => Mixed(noisy, predicted, steps, static (s, n) => (s / n, -1 / n)),
        _ => predicted,
    };

    private Tensor Mixed(Tensor x, Tensor y, ReadOnlySpan<int> steps, Func<double, double, (double OfX, double OfY)> factors)
    {
        double[] a = new double[steps.Length], b = new double[steps.Length];
        Schedule.Rates(steps, a, b);
        for (int i = 0; i < a.Length; i++) (a[i], b[i]) = factors(a[i], b[i]);
        return Sampling.Combine(x, y, a, b);
    }
}
