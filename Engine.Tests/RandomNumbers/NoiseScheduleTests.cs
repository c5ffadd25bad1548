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

    [Fact]
    public void Steps_and_betas_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Linear(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Linear(10, 0, 0.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => NoiseSchedule.Cosine(10, largest: 1));
        using CpuDevice device = new(1);
        Storage rate = device.Allocate(DType.Float32, 1);
        Refused<ArgumentOutOfRangeException>("Step 10 of sample 0 is not one of the schedule's 0 to 9",
            () => NoiseSchedule.Linear(10).Rates([10], rate, rate));
        rate.Release();
    }
}
