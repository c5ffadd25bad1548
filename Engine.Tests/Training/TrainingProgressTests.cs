namespace Engine.Tests.Training;

// What it prints is looked at.
[Collection("console")]
public sealed class TrainingProgressTests
{
    private readonly Clock _clock = new();
    private readonly StringWriter _lines = new();

    [Fact]
    public void Time_counts_from_the_first_epoch_and_the_rate_up_to_the_last_step()
    {
        TrainingProgress progress = new(3, _clock);
        Printed(() => progress.Run(() =>
        {
            _clock.Pass(100);   // data are loaded
            Epoch(progress, 1, 1.0, 3.0);
            Epoch(progress, 2, 0.5);
        }));
        Assert.Equal(
            "Epoch [1/3]  d_loss: 2.0000  50 samples/s  00:00:05 elapsed, 00:00:10 left|Epoch [2/3]  d_loss: 0.5000  50 samples/s  "
            + "00:00:08 elapsed, 00:00:04 left|",
            _lines.ToString().ReplaceLineEndings("|"));
    }

    [Fact]
    public void The_history_keeps_the_number_of_each_epoch_and_cannot_be_changed()
    {
        TrainingProgress progress = new(200, _clock);
        Printed(() =>
        {
            foreach (int epoch in (int[])[100, 200])
            {
                progress.BeginEpoch(epoch);
                progress.Report(0, 1, 10, ("a", epoch), ("b", 1));
                progress.Report(0, 1, 10, ("b", 3));
                progress.EndEpochs();
            }
        });

        Assert.Equal([100, 200], progress.History.Select(line => line.Epoch));
        Assert.Equal([100.0, 200.0], progress.History.Select(line => line.Losses["a"]));
        Assert.Equal([2.0, 2.0], progress.History.Select(line => line.Losses["b"]));
        Assert.Throws<NotSupportedException>(() => ((IList<EpochMeans>)progress.History).Clear());
        Assert.Throws<NotSupportedException>(() => ((IDictionary<string, double>)progress.History[0].Losses).Clear());
    }

    [Fact]
    public void A_run_of_centuries_has_a_time_left()
    {
        TrainingProgress progress = new(int.MaxValue, _clock);
        Printed(() => Epoch(progress, 1, Enumerable.Repeat(1.0, 100_000).ToArray()));
        Assert.Contains(" left", _lines.ToString());
    }

    // Steps of two seconds with 100 samples each, then a second for pictures.
    private void Epoch(TrainingProgress progress, int epoch, params double[] losses)
    {
        progress.BeginEpoch(epoch);
        for (int step = 0; step < losses.Length; step++)
        {
            _clock.Pass(2);
            progress.Report(step, losses.Length, 100, ("d_loss", losses[step]));
        }

        _clock.Pass(1);
        progress.EndEpochs();
    }

    private void Printed(Action run)
    {
        TextWriter output = Console.Out;
        Console.SetOut(_lines);
        try
        {
            run();
        }
        finally
        {
            Console.SetOut(output);
        }
    }

    private sealed class Clock : TimeProvider
    {
        private long _seconds = 1000;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => _seconds;

        public void Pass(long seconds) => _seconds += seconds;
    }
}
