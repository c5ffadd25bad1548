namespace Engine.Tests.Training;

public sealed class StepCurveTests
{
    [Theory, Values(0, 7, 999, 1000, 1001, 5000, 64_001)]
    public void Points_are_means_of_equally_many_neighbours(int count)
    {
        StepCurve curve = new("a");
        for (int step = 1; step <= count; step++) curve.Add(step, step);
        Assert.InRange(curve.Means.Count, Math.Min(count, 500), 999);
        long every = curve.Means.Count == 0 ? 1 : curve.Steps[0];
        Assert.True(long.IsPow2(every));
        for (int i = 0; i < curve.Means.Count; i++)
        {
            Assert.Equal((i + 1) * every, curve.Steps[i]);

            // The mean of i every + 1 to (i + 1) every
            Assert.Equal((i * every) + ((every + 1) / 2.0), curve.Means[i], 1e-6);
        }

        Assert.True(count - (curve.Means.Count * every) < every);
    }

    [Fact]
    public void What_was_saved_goes_on_to_the_bit()
    {
        StepCurve whole = new("a"), part = new("a");
        for (int step = 1; step <= 3000; step++)
        {
            whole.Add(step, Math.Sin(step));
            part.Add(step, Math.Sin(step));
            if (step % 777 == 0) part = new StepCurve(part.Save());
        }

        Assert.Equal(whole.Means, part.Means);
        Assert.Equal(whole.Steps, part.Steps);
    }
}
