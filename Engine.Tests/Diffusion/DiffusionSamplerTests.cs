using Engine.Models.Diffusion;

namespace Engine.Tests.Diffusion;

/// <summary>Samplers and bound with the best possible network for Gaussian data, for which everything is known.</summary>
public sealed class DiffusionSamplerTests : IsolatedTests
{
    private const int Samples = 200, Pixels = 150;

    [Theory, Values(Prediction.Noise, Prediction.Clean, Prediction.Velocity)]
    public void Ancestral_sampling_recovers_gaussian_data_when_the_variance_is_learned(Prediction prediction)
    {
        DdpmSampler sampler = new(Optimum(NoiseSchedule.Cosine(60), 0.3, 0.5, prediction, ReverseVariance.Learned)) { Clip = false };
        (double mean, double deviation) = Moments(sampler.Sample([Samples, Pixels], new RandomStream(2)));

        // The last step gives its mean: it lacks the variance of x_0 given x_1, which is a thousandth.
        Assert.Equal(0.3, mean, 0.012);
        Assert.Equal(0.5, deviation, 0.01);
    }

    [Theory]
    [InlineData(ReverseVariance.Beta, 1.0)]
    [InlineData(ReverseVariance.Posterior, 0.0)]
    public void Fixed_variances_are_exact_for_the_data_they_are_meant_for(ReverseVariance variance, double deviation)
    {
        DdpmSampler sampler = new(Optimum(NoiseSchedule.Cosine(60), -0.2, deviation, Prediction.Clean, variance)) { Clip = false };
        (double mean, double found) = Moments(sampler.Sample([Samples, Pixels], new RandomStream(3)));
        Assert.Equal(-0.2, mean, deviation == 0 ? 1e-6 : 0.025);
        Assert.Equal(deviation, found, deviation == 0 ? 1e-6 : 0.02);
    }

    [Theory]
    [InlineData("linear", 40, Prediction.Velocity)]
    [InlineData("linear", 40, Prediction.Clean)]
    [InlineData("cosine", 8, Prediction.Velocity)]
    [InlineData("cosine", 8, Prediction.Clean)]
    public void With_zero_terminal_SNR_training_ends_where_samplers_begin_and_the_mean_is_right(
        string name, int steps, Prediction prediction)
    {
        NoiseSchedule schedule = DiffusionProcessTests.Schedule(name, steps).WithZeroTerminalSnr();
        DenoisingDiffusion model = Optimum(schedule, 0.6, 0.1, prediction, ReverseVariance.Posterior);
        using (Tape tape = new(Cpu))
        {
            // x_T of training is the noise itself, whatever the image.
            Tensor noise = Tensor.Normal([3, 50], new RandomStream(1), dtype: DType.Float64);
            Assert.Equal(noise.ToDoubles(), model.Process.AddNoise(Tensor.Full([3, 50], 0.6, DType.Float64), noise,
                [.. Enumerable.Repeat(steps - 1, 3)]).ToDoubles());
        }

        // One data set with hardly any deviation: what is missing in the mean is what of the signal was left.
        foreach (DiffusionSampler sampler in (DiffusionSampler[])
            [new DdpmSampler(model) { Clip = false }, new DdimSampler(model) { Clip = false }, new DdimSampler(model, 4) { Clip = false }])
        {
            (double mean, double deviation) = Moments(sampler.Sample([Samples, Pixels], new RandomStream(2)));
            Assert.Equal(0.6, mean, 0.003);
            Assert.InRange(deviation, 0.02, 0.12);
        }

        VariationalBound bound = model.Bound([.. Enumerable.Repeat(0.6f, 20 * 10)], [20, 10], new RandomStream(7), batch: 20, clip: false);
        Assert.Equal(0, bound.Prior);
        Assert.All(bound.Terms, term => Assert.True(double.IsFinite(term)));
    }

    [Fact]
    public void Noise_is_not_predicted_where_it_says_nothing()
    {
        NoiseSchedule schedule = NoiseSchedule.Linear(10).WithZeroTerminalSnr();
        Refused("expected Velocity or Clean to be predicted, found Noise",
            () => Optimum(schedule, 0, 1, Prediction.Noise, ReverseVariance.Beta));
        using Tape tape = new(Cpu);
        DiffusionProcess process = new(schedule);
        Tensor x = Tensor.Ones([2, 3]);
        Refused("at step 9 of sample 1", () => process.Clean(Prediction.Noise, x, x, [8, 9]));
        Refused("at step 9 of sample 0", () => process.Velocity(Prediction.Noise, x, x, [9, 0]));
        Assert.All(process.Clean(Prediction.Noise, x, x, [8, 0]).ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Implicit_sampling_without_new_noise_is_the_map_that_its_coefficients_make()
    {
        DenoisingDiffusion model = Optimum(NoiseSchedule.Cosine(200), 0.3, 0.5, Prediction.Noise, ReverseVariance.Posterior);
        DdimSampler sampler = new(model, steps: 50) { Clip = false };
        float[]? first = null;
        float[] found = sampler.Sample([1, 40], new RandomStream(4), observe: (t, x) =>
        {
            if (t == 50) first = Array.ConvertAll(x.ToDoubles(), value => (float)value);
        });
        GaussianOptimum optimum = (GaussianOptimum)model.Denoiser;
        double slope = 1, constant = 0;
        for (int t = 49; t >= 0; t--)
        {
            (double ofClean, double ofNoisy, double deviation) = sampler.Coefficients(t);
            (double s, double c, _) = optimum.Clean(sampler.Process.Schedule.TimeSteps[t]);
            (slope, constant) = (((ofClean * s) + ofNoisy) * slope, (((ofClean * s) + ofNoisy) * constant) + (ofClean * c));
            Assert.Equal(0, deviation);
        }

        for (int i = 0; i < 40; i++) Assert.Equal((slope * first![i]) + constant, found[i], 1e-5);

        // With more steps the map becomes the one that takes N(0, 1) to the data.
        Assert.Equal(0.5, slope, 0.02);
        Assert.Equal(0.3, constant, 0.02);
        Assert.Equal(found, sampler.Sample([1, 40], new RandomStream(4)));
        Assert.NotEqual(found, sampler.Sample([1, 40], new RandomStream(5)));
    }

    [Fact]
    public void Implicit_sampling_with_all_noise_new_is_ancestral_sampling()
    {
        DenoisingDiffusion model = Optimum(NoiseSchedule.Linear(100), 0.1, 0.4, Prediction.Noise, ReverseVariance.Posterior);
        DdimSampler implicitly = new(model, eta: 1) { Clip = false };
        for (int t = 0; t < 100; t++)
        {
            (double ofClean, double ofNoisy, double deviation) = implicitly.Coefficients(t);
            Assert.Equal(model.Process.PosteriorVariance(t), deviation * deviation, 1e-12);
            Assert.Equal(model.Process.PosteriorMean(t).OfClean, ofClean, 1e-9);
            Assert.Equal(model.Process.PosteriorMean(t).OfNoisy, ofNoisy, 1e-9);
        }

        float[] one = implicitly.Sample([5, 7], new RandomStream(1)),
            other = new DdpmSampler(model) { Clip = false }.Sample([5, 7], new RandomStream(1));
        for (int i = 0; i < one.Length; i++) Assert.Equal(other[i], one[i], 1e-5);
    }

    [Fact]
    public void The_bound_of_the_best_network_is_the_entropy_of_gaussian_data()
    {
        using Tape tape = new(Cpu);
        const double Mean = 0.1, Deviation = 0.25;
        float[] images = [.. Tensor.Normal([400, 100], new RandomStream(6), Mean, Deviation).ToArray()
            .Select(x => MathF.Round((Math.Clamp(x, -1, 1) + 1) * 127.5f) / 127.5f - 1)];
        DenoisingDiffusion model = Optimum(NoiseSchedule.Cosine(100), Mean, Deviation, Prediction.Noise, ReverseVariance.Learned);
        VariationalBound bound = model.Bound(images, [400, 100], new RandomStream(7), batch: 200, clip: false);

        // log2 sqrt(2 pi e) deviation, in steps of 2 / 255
        double entropy = Math.Log2(Math.Sqrt(2 * Math.PI * Math.E) * Deviation / (2.0 / 255));
        Assert.Equal(entropy, bound.Total, 0.02);
        Assert.InRange(bound.Prior, 0, 1e-3);
        Assert.Equal(100, bound.Terms.Count);
        Assert.Equal(200, bound.Images);

        // With a fixed variance it is no longer tight.
        foreach (ReverseVariance variance in (ReverseVariance[])[ReverseVariance.Beta, ReverseVariance.Posterior])
        {
            DenoisingDiffusion fixedly = Optimum(NoiseSchedule.Cosine(100), Mean, Deviation, Prediction.Noise, variance);
            Assert.True(fixedly.Bound(images, [400, 100], new RandomStream(7), batch: 200, clip: false).Total > bound.Total);
        }
    }

    [Theory, Values(1, 3)]
    public void Inpainting_keeps_the_known_pixels_to_the_bit_and_paints_the_others(int rounds)
    {
        DenoisingDiffusion model = Optimum(NoiseSchedule.Cosine(30), 0.2, 0.3, Prediction.Velocity, ReverseVariance.Posterior);
        float[] known = [.. Enumerable.Range(0, 64).Select(i => (i % 7 / 10f) - 0.3f)],
            mask = [.. Enumerable.Range(0, 64).Select(i => i % 4 < 2 ? 1f : 0)];
        known[2] = float.NaN;   // not known, and so not read
        foreach (DiffusionSampler sampler in (DiffusionSampler[])[new DdpmSampler(model), new DdimSampler(model, 10)])
        {
            float[] painted = sampler.Inpaint(known, mask, [1, 8, 8, 1], new RandomStream(8), rounds: rounds);
            for (int i = 0; i < 64; i++)
            {
                if (mask[i] == 1) Assert.Equal(known[i], painted[i]);
                else Assert.InRange(painted[i], -1f, 1f);
            }
        }

        DdimSampler any = new(model);
        Refused("zeros and ones", () => any.Inpaint(known, new float[64].Select(_ => 0.5f).ToArray(), [1, 8, 8, 1], new RandomStream(1)));
        Refused("64 values", () => any.Inpaint(known, new float[3], [1, 8, 8, 1], new RandomStream(1)));
    }

    [Fact]
    public void Sampling_leaves_no_memory_behind_and_shows_every_step()
    {
        DenoisingDiffusion model = Optimum(NoiseSchedule.Cosine(20), 0, 1, Prediction.Noise, ReverseVariance.Beta);
        long before = Cpu.MemoryInUse;
        List<int> seen = [];
        new DdpmSampler(model, 7).Sample([2, 3], new RandomStream(1), observe: (t, _) => seen.Add(t));
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.Equal([7, 6, 5, 4, 3, 2, 1, 0], seen);
    }

    [Fact]
    public void What_does_not_fit_is_refused_by_name()
    {
        DenoisingDiffusion model = Optimum(NoiseSchedule.Cosine(20), 0, 1, Prediction.Noise, ReverseVariance.Beta);
        Refused<ArgumentOutOfRangeException>("eta must be from 0 to 1", () => new DdimSampler(model, eta: 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdpmSampler(model, 21));
        Refused("is unconditional", () => new DdpmSampler(model).Sample([2, 3], new RandomStream(1), [0, 1]));
        DenoisingDiffusion learned = new(model.Denoiser, NoiseSchedule.Cosine(20), Prediction.Noise, ReverseVariance.Learned);
        Refused("must give [2, 6], found [2, 3]", () => new DdpmSampler(learned).Sample([2, 3], new RandomStream(1)));
    }

    private DenoisingDiffusion Optimum(
        NoiseSchedule schedule, double mean, double deviation, Prediction prediction, ReverseVariance variance) =>
        new(new GaussianOptimum(Cpu, schedule, mean, deviation, prediction, variance == ReverseVariance.Learned), schedule, prediction,
            variance);

    private static (double Mean, double Deviation) Moments(float[] values)
    {
        double mean = values.Average(value => (double)value);
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
    }
}
