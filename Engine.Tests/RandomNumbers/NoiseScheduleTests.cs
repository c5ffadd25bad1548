namespace Engine.Tests.RandomNumbers;

public sealed class NoiseScheduleTests
{
    [Fact]
    public void The_linear_schedule_rises_from_end_to_end()
    {
        NoiseSchedule schedule = NoiseSchedule.Linear();
        Assert.Equal(1000, schedule.Steps);
        Assert.Equal(1e-4, schedule.Betas[0]);
        Assert.Equal(0.02, schedule.Betas[^1], 15);
        double product = 1;
        for (int t = 0; t < 1000; t++)
        {
            product *= 1 - (1e-4 + ((0.02 - 1e-4) * t / 999));
            Assert.Equal(product, schedule.AlphaBars[t], 14);
        }

        // Ho et al.: almost nothing of the signal is left at the end.
        Assert.InRange(schedule.AlphaBars[^1], 3e-5, 5e-5);
    }

    [Fact]
    public void The_cosine_schedule_keeps_a_squared_cosine_of_the_signal()
    {
        NoiseSchedule schedule = NoiseSchedule.Cosine(500);
        for (int t = 0; t < 480; t++)
        {
            double expected = Math.Pow(
                Math.Cos((((t + 1) / 500.0) + 0.008) / 1.008 * Math.PI / 2) / Math.Cos(0.008 / 1.008 * Math.PI / 2), 2);
            Assert.InRange(schedule.AlphaBars[t] - expected, -1e-12, 1e-12);
        }

        foreach (double beta in schedule.Betas) Assert.InRange(beta, 0, 0.999);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(25)]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(4000)]
    public void The_linear_schedule_of_any_number_of_steps_leads_to_noise(int steps)
    {
        NoiseSchedule schedule = NoiseSchedule.Linear(steps);
        double product = 1;
        for (int t = 0; t < steps; t++)
        {
            // In the code of Nichol and Dhariwal (2021): scale = 1000 / num_diffusion_timesteps.
            double beta = Math.Min(1000.0 / steps * (1e-4 + ((0.02 - 1e-4) * t / (steps - 1))), 0.999);
            Assert.Equal(beta, schedule.Betas[t], 1e-15);
            Assert.Equal(product *= 1 - beta, schedule.AlphaBars[t], 1e-14);
        }

        Assert.Equal(Math.Sqrt(product), schedule.SignalLeft, 1e-12);
        Assert.InRange(schedule.SignalLeft, 0, 0.0066);
        Assert.Equal(schedule.SignalLeft > 1e-3, schedule.LeavesSignal);
        if (steps == 1000) Assert.Equal(1e-4 + ((0.02 - 1e-4) * 500 / 999), schedule.Betas[500]);
    }

    [Theory]
    [InlineData("linear", 2)]
    [InlineData("linear", 10)]
    [InlineData("linear", 1000)]
    [InlineData("cosine", 2)]
    [InlineData("cosine", 10)]
    [InlineData("cosine", 1000)]
    [InlineData("custom", 7)]
    public void Nothing_is_left_with_zero_terminal_SNR_and_the_first_step_is_what_it_was(string name, int steps)
    {
        NoiseSchedule before = name switch
        {
            "linear" => NoiseSchedule.Linear(steps), "cosine" => NoiseSchedule.Cosine(steps),
            _ => NoiseSchedule.FromBetas([.. Enumerable.Range(1, steps).Select(t => 0.1 * t / steps)]),
        };
        NoiseSchedule after = before.WithZeroTerminalSnr();
        Assert.Equal((name, steps, 0, false), (after.Name, after.Steps, after.SignalLeft, after.LeavesSignal));
        Assert.Equal(0, after.AlphaBars[^1]);
        Assert.Equal(1, after.Betas[^1]);
        Assert.Equal(before.AlphaBars[0], after.AlphaBars[0], 1e-15);
        double first = Math.Sqrt(before.AlphaBars[0]), last = before.SignalLeft, product = 1;
        for (int t = 0; t < steps; t++)
        {
            // Algorithm 1 of Lin et al. (2023).
            double signal = (Math.Sqrt(before.AlphaBars[t]) - last) * first / (first - last);
            Assert.Equal(signal * signal, after.AlphaBars[t], 1e-14);
            Assert.InRange(after.Betas[t], 0, 1);
            Assert.Equal(product *= 1 - after.Betas[t], after.AlphaBars[t], 1e-12);
        }

        // Fewer steps end where all of them do.
        foreach (int some in (int[])[1, 2, steps])
            Assert.Equal((0, steps - 1), (after.Respaced(some).SignalLeft, after.Respaced(some).TimeSteps[^1]));
        Assert.Same(after, after.WithZeroTerminalSnr());
    }

    [Fact]
    public void What_is_left_of_the_signal_is_said()
    {
        Assert.Equal(0.0063528, NoiseSchedule.Linear().SignalLeft, 1e-7);
        Assert.True(NoiseSchedule.Linear().LeavesSignal);
        Assert.Equal(4.92825e-5, NoiseSchedule.Cosine().SignalLeft, 1e-10);
        Assert.False(NoiseSchedule.Cosine().LeavesSignal);
        Assert.True(NoiseSchedule.Cosine(10).LeavesSignal);
        Assert.Equal(Math.Sqrt(0.25), NoiseSchedule.FromBetas([0.5, 0.5]).SignalLeft);
    }

    [Fact]
    public void Steps_and_betas_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Linear(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Linear(10, 0, 0.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Cosine(10, largest: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Cosine(10, offset: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.FromBetas([]));
        Refused("found 0 at step 1 of 2", () => NoiseSchedule.FromBetas([0.5, 0]));
        Refused("found 1 at step 0 of 2", () => NoiseSchedule.FromBetas([1, 0.5]));
        Refused("found NaN at step 0 of 1", () => NoiseSchedule.FromBetas([double.NaN]));
        Refused<InvalidOperationException>("takes two steps, found 1", () => NoiseSchedule.Linear(1).WithZeroTerminalSnr());
        using CpuDevice device = new(1);
        Storage rate = device.Allocate(DType.Float32, 1);
        Refused<ArgumentOutOfRangeException>("expected steps from 0 to 9, found 10 of sample 0",
            () => NoiseSchedule.Linear(10).Rates([10], rate, rate));
        rate.Release();
    }
}
