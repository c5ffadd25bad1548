namespace Engine.Kernels.Sampling;

/// <summary>
/// A sample of N(mean, e^logVariance) as a differentiable function of its parameters and of standard normal noise: the reparameterisation
/// trick (Kingma and Welling 2013, arXiv:1312.6114, section 2.4).
/// </summary>
public static class Reparameterize
{
    /// <summary>z = mean + e^(logVariance / 2) noise.</summary>
    /// <param name="mean">The means.</param>
    /// <param name="logVariance">The logarithms of the variances, as many.</param>
    /// <param name="noise">Standard normal numbers, as many.</param>
    /// <param name="sample">Receives z, as many.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(Storage mean, Storage logVariance, Storage noise, Storage sample) =>
        Ternary(mean, logVariance, noise, sample, default(Sample));

    /// <summary>dlogVariance = g noise e^(logVariance / 2) / 2; the gradient of the mean is g itself.</summary>
    /// <param name="gradients">g, the gradients of z.</param>
    /// <param name="logVariance">The logarithms of the variances.</param>
    /// <param name="noise">The noise that z was made with.</param>
    /// <param name="result">Receives the gradients of the log-variances.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void LogVarianceGradient(Storage gradients, Storage logVariance, Storage noise, Storage result) =>
        Ternary(gradients, logVariance, noise, result, default(Gradient));

    private static void Ternary<TOp>(Storage x, Storage y, Storage z, Storage result, TOp op) where TOp : unmanaged, ITernaryOp =>
        Map.Ternary(x, new Shape(x.Length), y, new Shape(y.Length), z, new Shape(z.Length), result, new Shape(result.Length), op);

    internal readonly struct Sample : ITernaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T mean, T logVariance, T noise) where T : unmanaged, ILane<T>
        {
            T root = Root(logVariance);
            return T.MulAdd(noise * root, root, mean);
        }
    }

    internal readonly struct Gradient : ITernaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T g, T logVariance, T noise) where T : unmanaged, ILane<T>
        {
            T root = Root(logVariance);
            return T.Of(0.5) * noise * root * g * root;
        }
    }

    // e^(logVariance / 4): its square may overflow where its product with the noise does not.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Root<T>(T logVariance) where T : unmanaged, ILane<T> => LaneMath.ExpFinite(T.Of(0.25) * logVariance);
}
