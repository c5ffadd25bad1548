using Engine.Models.Autoregressive.Series;

namespace Engine.Tests.Autoregressive;

public sealed class ForecastTests : IsolatedTests
{
    [Fact]
    public void A_series_is_its_waves_and_noise_of_the_deviation_that_was_asked_for()
    {
        SeasonalSeries series = SeasonalSeries.Make(20_000, 3, 0.2);
        double[] noise = [.. series.Values.Zip(series.Expected, (y, mean) => y - mean)];
        Assert.InRange(noise.Average(), -0.005, 0.005);
        Assert.InRange(Math.Sqrt(noise.Average(e => e * e)), 0.196, 0.204);
        Assert.Equal(series.Values, SeasonalSeries.Make(20_000, 3, 0.2).Values);
        Assert.NotEqual(series.Values, SeasonalSeries.Make(20_000, 4, 0.2).Values);

        // After a season only the trend is left.
        double drift = series.Expected[series.Season] - series.Expected[0];
        Assert.All(Enumerable.Range(0, 500), t => Assert.Equal(drift, series.Expected[t + series.Season] - series.Expected[t], 1e-9));
    }

    [Fact]
    public void Pieces_are_measured_from_what_is_read_of_them()
    {
        SeriesWindows pieces = new([1, 3, 5, 7, 1, 11], context: 2, horizon: 1, scale: 2);
        Assert.Equal(4, pieces.Count);
        float[] piece = new float[3];
        pieces.Write(1, piece);
        Assert.Equal([-0.5f, 0.5f, 1.5f], piece);
        Assert.Equal(pieces.Draw(7, 5, 1), pieces.Draw(7, 5, 1));
        Assert.Equal(Math.Sqrt((9 + 9 + 25 + 49) / 4.0), SeriesWindows.Spread([1, 3, 5, 7, 1, 11], 2), 1e-12);
        Assert.NotEqual(pieces.Draw(7, 5, 1), pieces.Draw(8, 5, 1));
    }

    [Fact]
    public void Scores_are_those_of_repeating_a_season_or_the_last_value()
    {
        double[] values = [0, 1, 2, 10, 11, 12];
        ForecastScore score = ForecastScore.Of(values, 3, [(3, new Forecast([10, 11, 15], [9, 12, 0], [11, 13, 20]))]);
        Assert.Equal((Math.Sqrt(3), 10, Math.Sqrt((64 + 81 + 100) / 3.0)), (score.Error, score.Seasonal, score.Persistent));
        Assert.Equal(2 / 3.0, score.Coverage, 1e-12);
        Assert.Throws<ArgumentException>(() => ForecastScore.Of(values, 3, [(2, new Forecast([1], [0], [2]))]));
        Assert.Throws<ArgumentException>(() => ForecastScore.Of(values, 3, []));
    }

    [Fact]
    public void The_likelihood_is_that_of_the_normal_distributions_that_the_model_gives()
    {
        using Forecaster model = new(6, ModuleOptions.FromSeed(1, Cpu) with { DType = DType.Float64 }, layers: 2);
        using Tape tape = new(Cpu, record: false);
        double[] x = [0.1, -0.4, 0.7, 0.2];
        double[] y = model.Forward(Tensor.From(x, [1, 4])).ToDoubles(),
            nats = model.NegativeLogLikelihood(Tensor.From(x, [1, 4])).ToDoubles();
        for (int t = 0; t < 3; t++)
        {
            (double mean, double logVariance) = (y[2 * t], y[(2 * t) + 1]);
            Assert.Equal(0.5 * (Math.Log(2 * Math.PI) + logVariance + (Math.Pow(x[t + 1] - mean, 2) / Math.Exp(logVariance))), nats[t],
                1e-12);
        }
    }

    [Fact]
    public void A_wave_with_noise_is_forecast_near_its_noise_and_with_honest_intervals()
    {
        const int Period = 8, Context = 16, Horizon = 8;
        const double Noise = 0.1;
        RandomStream random = new(5);
        float[] noise = PixelModels.Chances(2000, random, Cpu);
        double[] values = [.. Enumerable.Range(0, 2000)
            .Select(t => Math.Sin(2 * Math.PI * t / Period) + (Noise * Math.Sqrt(12) * (noise[t] - 0.5)))];
        SeriesWindows pieces = new(values[..1600], Context, Horizon, 1);
        using Forecaster model = new(16, ModuleOptions.FromSeed(1, Cpu));
        using Adam adam = new(model.Parameters, 0.01);
        long before = Cpu.MemoryInUse;
        for (int step = 0; step < 200; step++)
        {
            using Tape tape = new(Cpu);
            Tensor nats = model.NegativeLogLikelihood(Tensor.From(pieces.Draw(step, 16, 1), [16, Context + Horizon])).Mean();
            adam.Step(tape.Gradients(nats, model.Parameters));
        }

        SeriesWindows all = new(values, Context, Horizon, 1);
        int[] starts = [.. Enumerable.Range(0, 20).Select(i => 1600 + (i * 18))];
        float[] read = new float[20 * Context];
        for (int i = 0; i < 20; i++) all.Write(starts[i], read.AsSpan(i * Context, Context));
        Forecast[] forecasts = model.Predict(read, 20, Horizon, new RandomStream(2), paths: 60);
        Assert.Equal(before, Cpu.MemoryInUse);
        ForecastScore score = ForecastScore.Of(
            values, Period, [.. forecasts.Select((f, i) => (starts[i] + Context, Moved(f, all.Zero(starts[i]))))]);
        Assert.InRange(score.Error, Noise * 0.8, Noise * 1.6);
        Assert.True(score.Error < score.Persistent / 4, $"{score}");
        Assert.InRange(score.Coverage, 0.6, 0.98);

        static Forecast Moved(Forecast forecast, double by)
        {
            return new(By(forecast.Mean), By(forecast.Low), By(forecast.High));

            double[] By(double[] y) => [.. y.Select(value => value + by)];
        }
    }
}
