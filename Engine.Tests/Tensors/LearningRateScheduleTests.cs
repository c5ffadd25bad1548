namespace Engine.Tests.Tensors;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Schedules_have_their_values_at_the_start_between_and_at_the_end()
    {
        Check(LearningRateSchedules.Constant(0.1), (0, 0.1), (1_000_000, 0.1));
        Check(LearningRateSchedules.Linear(1, 0, 10), (0, 1), (5, 0.5), (9, 0.1), (10, 0), (11, 0));
        Check(LearningRateSchedules.Cosine(1, 10, 0.2), (0, 1), (5, 0.6), (10, 0.2), (1000, 0.2));
        Check(LearningRateSchedules.Cosine(1, 3), (1, 0.75), (2, 0.25), (3, 0));
        Check(LearningRateSchedules.Step(1, 30, 0.1), (0, 1), (29, 1), (30, 0.1), (59, 0.1), (60, 0.01));
        Check(LearningRateSchedules.Exponential(2, 0.5), (0, 2), (1, 1), (3, 0.25));
        Check(LearningRateSchedules.Piecewise((2, 3), (1, 2), (4, 1)), (0, 3), (1, 3), (2, 2), (3, 1), (6, 1), (100, 1));
    }

    [Fact]
    public void A_warm_up_climbs_to_the_schedule_that_follows_it()
    {
        LearningRateSchedule schedule = LearningRateSchedules.Cosine(1, 10).WarmedUp(4);
        Check(schedule, (0, 0.25), (1, 0.5), (3, 1), (4, 1), (9, 0.5), (14, 0));
        Check(LearningRateSchedules.Constant(2).WarmedUp(2), (0, 1), (1, 2), (2, 2));
    }

    [Fact]
    public void The_importance_weighted_schedule_is_that_of_the_paper()
    {
        LearningRateSchedule schedule = LearningRateSchedules.ImportanceWeighted;
        Check(schedule, (0, 1e-3), (1, 1e-3 * Math.Pow(10, -1 / 7.0)), (3, 1e-3 * Math.Pow(10, -1 / 7.0)),
            (4, 1e-3 * Math.Pow(10, -2 / 7.0)));
        Check(schedule, (1092, 1e-3 * Math.Pow(10, -6 / 7.0)), (1093, 1e-4), (3279, 1e-4));
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedules.Constant(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedules.Linear(1, double.NaN, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedules.Cosine(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedules.Step(1, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedules.Exponential(1, -1));
        Assert.Throws<ArgumentException>(() => LearningRateSchedules.Piecewise());
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedules.Constant(1).WarmedUp(0));
    }

    private static void Check(LearningRateSchedule schedule, params ReadOnlySpan<(long Step, double Rate)> expected)
    {
        foreach ((long step, double rate) in expected) Assert.Equal(rate, schedule(step), 1e-12);
    }
}
