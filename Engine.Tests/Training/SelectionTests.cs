namespace Engine.Tests.Training;

// Held-out numbers after epochs: when training stops because of them, and which epoch is kept.
[Collection("console")]
public sealed class SelectionTests : IsolatedTests
{
    [Theory]
    [InlineData("5 4 4.5 4.2 1 1", 2, 0, false, 4, 2)]
    [InlineData("5 4 4.5 3.9 4 4", 2, 0, false, 6, 4)]
    [InlineData("5 4 3.9 3.8 3.7 1", 3, 0.5, false, 5, 5)]
    [InlineData("0.5 0.7 0.7 0.9 0.8 0.8", 2, 0, true, 6, 4)]
    [InlineData("5 5 5 5 5 5", 1, 0, false, 2, 1)]
    [InlineData("5 - - 4 - -", 3, 0, false, 6, 4)]
    public void Training_ends_when_patience_does(string values, int patience, double delta, bool higher, int last, int best)
    {
        Trainer? trainer = null;
        string output = Quietly(() =>
        {
            trainer = New(new Subject(), options => options with { Patience = patience, MinDelta = delta, HigherIsBetter = higher });
            Train(trainer, new Subject(), values);
        });
        Assert.Equal((last, best, last < 6 || patience < 3), (trainer!.Epoch, trainer.BestEpoch, trainer.HasStoppedEarly));
        if (last == 6) return;
        int since = delta > 0 ? 2 : best;
        string sentence = $"held_out has not improved{(delta > 0 ? " by more than 0.5" : "")} for {last - since} "
            + $"epoch{(last - since == 1 ? "" : "s")}, since epoch {since} ({values.Split(' ')[since - 1]}).";
        Assert.Contains($"{sentence} Training ends.", output);
        Assert.Contains($"Finished: {last} of 6 epochs. {sentence}", File.ReadAllText(Folder["report.html"]));
    }

    [Fact]
    public void The_best_epoch_is_kept_to_the_bit_and_resumed_from_the_last()
    {
        Subject subject = new();
        string output = Quietly(() =>
        {
            Trainer trainer = New(subject, options => options with { KeepBest = true });
            List<float[]> after = Train(trainer, subject, "5 4 2 3 2 4");
            Assert.Equal(after[2], subject.Weights);
            Assert.Equal((3, (double)after[2][0]), (trainer.BestEpoch, subject.Sum));
            Assert.NotEqual(after[2], after[5]);
            Assert.Equal(after[2], Read("checkpoint-best.safetensors"));
            Assert.Equal(after[5], Read("checkpoint.safetensors"));
        });
        Assert.Contains("Taking the weights of epoch 3, the best of 6: held_out 2.", output);
        Assert.Contains("<tr><th>Best epoch</th><td>3: held_out 2, whose weights were taken</td></tr>",
            File.ReadAllText(Folder["report.html"]));

        // A run that goes on does so from the last epoch, and may find a better one.
        Subject more = new();
        Quietly(() =>
        {
            Trainer trainer = New(more, options => options with { KeepBest = true, Epochs = 8, Resume = true });
            List<float[]> after = Train(trainer, more, "5 4 2 3 2 4 1 3");
            Assert.Equal(2, after.Count);
            Assert.Equal(7, trainer.BestEpoch);
            Assert.Equal(after[0], more.Weights);
        });
    }

    [Theory, Values(1, 6, 7, 12, 17)]
    public void A_run_that_is_stopped_ends_at_the_same_epoch_with_the_same_bits(int step)
    {
        string whole = Folder["whole"], stopped = Folder["stopped"];
        string[] options = ["--patience", "2", "--keep-best", "--weights"];
        Assert.Contains("Training ends.", Run(whole, 0, options));
        Run(stopped, step, options);
        Run(stopped, 0, [.. options, "--resume"]);
        Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(stopped));
        Assert.Contains("\"Epoch\":4,", CheckpointContent.Of(whole)[0]);
        byte[] weights = Weights(whole);
        Assert.Equal(weights, Weights(stopped));

        // Those of the first epoch: its number is twice the epoch. A run that is done is done, wherever it resumes.
        Run(Folder["one"], 0, "--epochs", "1", "--weights");
        Assert.Equal(Weights(Folder["one"]), weights);
        string elsewhere = Folder["elsewhere"];
        Assert.Contains("Training ends.", Run(elsewhere, 0, [.. options, "--resume", stopped]));
        Assert.Equal(weights, Weights(elsewhere));
        Assert.True(File.Exists(Path.Combine(elsewhere, "checkpoint-best.safetensors")));

        static byte[] Weights(string folder) => File.ReadAllBytes(Path.Combine(folder, TrainingRun.WeightsName));
    }

    [Fact]
    public void More_patience_goes_on_with_a_run_that_has_stopped_early()
    {
        string whole = Folder["whole"], parts = Folder["parts"];
        Run(whole, 0, "--keep-best");
        Run(parts, 0, "--keep-best", "--patience", "1");
        Run(parts, 0, "--keep-best", "--patience", "3", "--resume");
        Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(parts));
    }

    [Fact]
    public void A_best_epoch_that_is_not_there_is_told()
    {
        string folder = Folder["run"], best = Path.Combine(folder, "checkpoint-best.safetensors");
        Run(folder, 13);
        string error = Failure(folder, "--resume", "--keep-best");
        Assert.Equal($"regression: {best}: expected the checkpoint of epoch 1, the best of the training so far, found none: training that "
            + "keeps the best resumes only with it.", error.Trim());
        File.Copy(Path.Combine(folder, "checkpoint.safetensors"), best);
        Assert.Contains("found one of 'regression', epoch 3, 1 step.", Failure(folder, "--resume", "--keep-best"));
        Run(folder, 0, "--resume", "--patience", "9");
    }

    [Fact]
    public void What_is_validated_is_recorded_with_its_epoch()
    {
        int calls = 0;
        string output = Quietly(() =>
        {
            Trainer trainer = New(new Subject(), options => options with
            {
                Epochs = 2, Validate = () => new Dictionary<string, double> { ["held_out"] = ++calls, ["other"] = 0.5 },
            });
            Train(trainer, new Subject(), "- -");
            Assert.Equal([1, 2], trainer.Progress.History.Select(line => line.Metrics["held_out"]));
            Assert.Equal((1, 2), (trainer.BestEpoch, calls));
        });
        Assert.Contains("Epoch [2/2]  loss: 2.0000  held_out: 2.0000  other: 0.5000", output);
    }

    [Theory, Values("NaN", "Infinity")]
    public void A_monitored_metric_that_is_not_finite_stops_training_before_its_checkpoint(string value)
    {
        Quietly(() =>
        {
            Trainer trainer = New(new Subject(), options => options with { Patience = 3, KeepBest = true });
            NonFiniteException error = Assert.Throws<NonFiniteException>(() => Train(trainer, new Subject(), $"3 2 {value}"));
            Assert.StartsWith($"held_out is {(value == "NaN" ? "NaN" : "infinite")} at the end of epoch 3: ", error.Message);
            Assert.Equal("2 epochs", trainer.LastCheckpoint![(trainer.LastCheckpoint!.IndexOf('(') + 1)..^1]);
        });
    }

    [Fact]
    public void Bad_options_are_told()
    {
        Subject subject = new();
        RefusedExactly("Patience must be at least 1 epoch, was 0.", () => New(subject, options => options with { Patience = 0 }));
        RefusedExactly("MinDelta must be a number of at least 0, was NaN.",
            () => New(subject, options => options with { MinDelta = double.NaN }));
        RefusedExactly("KeepBest: expected the name of a metric in Monitor, found none.",
            () => New(subject, options => options with { KeepBest = true, Monitor = null }));
        RefusedExactly("Patience: expected the name of a metric in Monitor, found none.",
            () => New(subject, options => options with { Patience = 1, Monitor = null }));
        Quietly(() => RefusedExactly<InvalidOperationException>(
            "Monitor: expected a metric 'heldout' after an epoch, found held_out, loss.",
            () => Train(New(subject, options => options with { Monitor = "heldout", Patience = 2 }), subject, "1 1 1")));
        Assert.Contains("--patience must be a whole number of at least 1, was '0'.", Failure(Folder["run"], "--patience", "0"));
        Assert.Contains("--min-delta must be a number of at least 0, was '-1'.", Failure(Folder["run"], "--min-delta", "-1"));
    }

    /// <summary>Trains, with a value for each epoch, and gives the weights after each.</summary>
    private static List<float[]> Train(Trainer trainer, Subject subject, string values)
    {
        List<float[]> after = [];
        foreach (int epoch in trainer.Epochs())
        {
            foreach (int _ in trainer.Steps(2))
            {
                subject.Step();
                trainer.Report(("loss", epoch));
            }

            string value = values.Split(' ')[epoch - 1];
            if (value != "-") trainer.Record("held_out", double.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
            after.Add(subject.Weights);
        }

        trainer.WriteReport();
        return after;
    }

    private Trainer New(IStateful model, Func<TrainerOptions, TrainerOptions> change) => new(model, change(new TrainerOptions
    {
        Name = "test", Epochs = 6, Output = new OutputFolder(Folder.Path), Monitor = "held_out",
    }));

    private float[] Read(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Folder[name]);
        return file.Read<float>("net.weight");
    }

    private static string Run(string folder, int stopAfter, params string[] args)
    {
        using CancellationTokenSource interrupt = new();
        return CapturedConsole.Of(() => TrainedPrograms.Run("regression", ["--out", folder, "--device", "cpu:1", .. args], () =>
        {
            if (--stopAfter == 0) interrupt.Cancel();
        }, interrupt.Token)).Success();
    }

    private static string Failure(string folder, params string[] args) => CapturedConsole.Of(
        () => TrainedPrograms.Run("regression", ["--out", folder, "--device", "cpu:1", .. args], () => { })).Failure();

    private static string Quietly(Action action) => CapturedConsole.Of(() =>
    {
        action();
        return 0;
    }).Output;

    /// <summary>A weight that every step changes, and a number beside it.</summary>
    private sealed class Subject : IStateful
    {
        private readonly Linear _net = new(2, 1, ModuleOptions.FromSeed(1));

        public Subject() => Sum = Weights[0];

        public float[] Weights => _net.Weight.ToArray();

        public double Sum { get; private set; }

        public void Step()
        {
            _net.Weight.Set([.. Weights.Select(x => (x * 1.1f) + 0.3f)]);
            Sum = Weights[0];
        }

        public void VisitState(StateVisitor visitor)
        {
            visitor.Part("net", _net);
            Sum = visitor.Number("sum", Sum);
        }
    }
}
