using Engine.Models.Diffusion;

namespace Engine.Tests.Diffusion;

/// <summary>
/// The best that a network could do for independent data N(mean, deviation²): the mean of what it predicts given x_t, in closed form, and
/// where the variance of q(x_(t-1) | x_t) lies.
/// </summary>
internal sealed class GaussianOptimum(
    Device device, NoiseSchedule schedule, double mean, double deviation, Prediction prediction, bool learnsVariance) : IDenoiser
{
    private readonly DiffusionProcess _process = new(schedule);

    public Device Device => device;

    public DType DType => DType.Float64;

    public int Classes => 0;

    /// <summary>The factor of x_t and the constant in E[x_0 | x_t], and Var[x_0 | x_t].</summary>
    internal (double Slope, double Constant, double Variance) Clean(int t)
    {
        double bar = schedule.AlphaBars[t], variance = deviation * deviation,
            slope = Math.Sqrt(bar) * variance / ((bar * variance) + 1 - bar);
        return (slope, mean * (1 - (slope * Math.Sqrt(bar))), variance * (1 - bar) / ((bar * variance) + 1 - bar));
    }

    public Tensor Predict(Tensor noisy, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels)
    {
        (double slope, double constant, double variance) = Clean(steps[0]);
        Tensor clean = noisy.Affine(slope, constant);
        Tensor output = prediction switch
        {
            Prediction.Noise => _process.Noise(Prediction.Clean, noisy, clean, steps),
            Prediction.Clean => clean,
            _ => _process.Velocity(Prediction.Clean, noisy, clean, steps),
        };
        if (!learnsVariance) return output;

        // Var[x_(t-1) | x_t] = posterior variance + (factor of x_0)² Var[x_0 | x_t]
        int t = steps[0];
        double wanted = Math.Log(_process.PosteriorVariance(t) + (Math.Pow(_process.PosteriorMean(t).OfClean, 2) * variance));
        double low = _process.PosteriorLogVariance(t), high = _process.LogBeta(t),
            share = high > low ? (2 * (wanted - low) / (high - low)) - 1 : 0;
        return Tensor.Concat(-1, output, Tensor.Full(output.Shape, share, DType.Float64));
    }
}
