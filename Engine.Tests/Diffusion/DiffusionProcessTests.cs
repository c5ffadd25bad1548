using Engine.Models.Diffusion;

namespace Engine.Tests.Diffusion;

public sealed class DiffusionProcessTests : IsolatedTests
{
    public static TheoryData<string> Schedules => new("linear", "cosine");

    public static TheoryData<Prediction> Predictions => [.. Enum.GetValues<Prediction>()];

    internal static NoiseSchedule Schedule(string name, int steps) =>
        name == "linear" ? NoiseSchedule.Linear(steps) : NoiseSchedule.Cosine(steps);

    [Theory, MemberData(nameof(Schedules))]
    public void The_posterior_is_that_of_two_gaussians_multiplied(string name)
    {
        DiffusionProcess process = new(Schedule(name, 200));
        for (int t = 1; t < 200; t++)
        {
            // q(x_(t-1) | x_t, x_0) ~ N(x_t; sqrt(1 - beta) x_(t-1), beta) N(x_(t-1); sqrt(abar) x_0, 1 - abar): precisions add up.
            double beta = process.Schedule.Betas[t], before = process.Schedule.AlphaBars[t - 1],
                precision = ((1 - beta) / beta) + (1 / (1 - before));
            (double ofClean, double ofNoisy) = process.PosteriorMean(t);
            Assert.Equal(1, process.PosteriorVariance(t) * precision, 1e-9);
            Assert.Equal(1, ofNoisy / (Math.Sqrt(1 - beta) / beta / precision), 1e-9);
            Assert.Equal(1, ofClean / (Math.Sqrt(before) / (1 - before) / precision), 1e-9);
            Assert.Equal(Math.Log(process.PosteriorVariance(t)), process.PosteriorLogVariance(t), 1e-12);
            Assert.Equal(Math.Log(beta), process.LogBeta(t), 1e-12);
        }

        Assert.Equal((1, 0, 0), (process.PosteriorMean(0).OfClean, process.PosteriorMean(0).OfNoisy, process.PosteriorVariance(0)));
        Assert.Equal(process.PosteriorLogVariance(1), process.PosteriorLogVariance(0));
    }

    [Theory, MemberData(nameof(Schedules))]
    public void Fewer_steps_keep_what_is_left_of_the_signal_to_the_bit(string name)
    {
        NoiseSchedule all = Schedule(name, 1000);
        foreach (int steps in (int[])[1, 2, 7, 50, 999, 1000])
        {
            NoiseSchedule some = all.Respaced(steps);
            Assert.Equal(steps, some.Steps);
            double product = 1;
            for (int i = 0; i < steps; i++)
            {
                Assert.Equal(all.AlphaBars[some.TimeSteps[i]], some.AlphaBars[i]);
                if (i > 0) Assert.True(some.TimeSteps[i] > some.TimeSteps[i - 1]);
                product *= 1 - some.Betas[i];
                Assert.Equal(1, product / some.AlphaBars[i], 1e-7);
            }

            Assert.Equal(999, some.TimeSteps[^1]);
            if (steps > 1) Assert.Equal(0, some.TimeSteps[0]);
        }

        Assert.Equal(all.Betas.ToArray(), all.Respaced(1000).Betas.ToArray());
        NoiseSchedule twice = all.Respaced(100).Respaced(10);
        Assert.Equal(all.AlphaBars[twice.TimeSteps[4]], twice.AlphaBars[4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => all.Respaced(0));
        Refused<ArgumentOutOfRangeException>("expected 1 to 1000 of the schedule's steps", () => all.Respaced(1001));
    }

    [Theory, MemberData(nameof(Predictions))]
    public void Noise_clean_image_and_velocity_follow_from_each_other(Prediction prediction)
    {
        using Tape tape = new(Cpu);
        RandomStream random = new(1);
        DiffusionProcess process = new(NoiseSchedule.Cosine(100));
        int[] steps = [0, 1, 30, 98];
        Tensor clean = Tensor.Normal([4, 3, 3, 2], random, dtype: DType.Float64),
            noise = Tensor.Normal(clean.Shape, random, dtype: DType.Float64);
        Tensor noisy = process.AddNoise(clean, noise, steps), said = process.Target(prediction, clean, noise, steps);
        Near(clean, process.Clean(prediction, noisy, said, steps), 1e-10);
        Near(noise, process.Noise(prediction, noisy, said, steps), 1e-10);
        Near(process.Target(Prediction.Velocity, clean, noise, steps), process.Velocity(prediction, noisy, said, steps), 1e-10);
    }

    [Fact]
    public void Noise_has_the_mean_and_the_variance_of_the_process()
    {
        using Tape tape = new(Cpu);
        DiffusionProcess process = new(NoiseSchedule.Linear(1000));
        int[] steps = [10, 500, 999];
        Tensor noisy = process.AddNoise(Tensor.Full([3, 40_000], 0.7), Tensor.Normal([3, 40_000], new RandomStream(5)), steps);
        double[] means = noisy.Mean(1).ToDoubles(), variances = noisy.Variance(1).ToDoubles();
        for (int i = 0; i < 3; i++)
        {
            double bar = process.Schedule.AlphaBars[steps[i]];
            Assert.Equal(0.7 * Math.Sqrt(bar), means[i], 0.025);
            Assert.Equal(1, variances[i] / (1 - bar), 0.03);
        }
    }

    [Fact]
    public void Steps_that_do_not_fit_are_named()
    {
        using Tape tape = new(Cpu);
        DiffusionProcess process = new(NoiseSchedule.Linear(10));
        Tensor x = Tensor.Zeros([2, 3]);
        Refused<ArgumentOutOfRangeException>("Step 10 of sample 1 is not one of the schedule's 0 to 9",
            () => process.PosteriorMean(x, x, [0, 10]));
        Refused("two factors for each sample", () => process.Clean(Prediction.Noise, x, x, [0]));
    }
}
