namespace Engine.Tests.Training;

// What it prints would stand between that of others.
[Collection("console")]
public sealed class TrainerTests : IsolatedTests
{
    [Fact]
    public void Steps_and_epochs_are_counted()
    {
        List<(int, int, long)> seen = [];
        Quietly(() =>
        {
            Trainer trainer = New(new Counter(), epochs: 2);
            foreach (int epoch in trainer.Epochs())
                foreach (int step in trainer.Steps(3)) seen.Add((epoch, step, trainer.Step));
            Assert.Equal((2, 6), (trainer.Epoch, trainer.Step));
        });
        Assert.Equal([(1, 0, 0), (1, 1, 1), (1, 2, 2), (2, 0, 3), (2, 1, 4), (2, 2, 5)], seen);
    }

    [Fact]
    public void Batches_are_those_of_the_loader_in_its_order()
    {
        BatchLoader loader = new(Digits.Draw(20, seed: 1), 6, new BatchOptions { Seed = 3 });
        List<int> expected = [], found = [];
        foreach (int epoch in (int[])[1, 2])
            foreach (Batch batch in loader.Epoch(epoch)) expected.AddRange(batch.Indices);
        Quietly(() =>
        {
            Trainer trainer = New(new Counter(), epochs: 2);
            foreach (int _ in trainer.Epochs())
            {
                foreach (Batch batch in trainer.Steps(loader))
                {
                    found.AddRange(batch.Indices);
                    trainer.Report(("loss", 1));
                }
            }

            Assert.Equal(40, trainer.Progress.Samples);
        });
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Misuse_is_told()
    {
        Quietly(() =>
        {
            Trainer trainer = New(new Counter());
            Refused<InvalidOperationException>("Steps belong into an epoch", () => trainer.Steps(3).First());
            foreach (int _ in trainer.Epochs())
            {
                foreach (int step in trainer.Steps(2)) Assert.InRange(step, 0, 1);
                RefusedExactly<InvalidOperationException>(
                    "The steps of epoch 1 were asked for twice: an epoch has one loop over its steps.",
                    () => trainer.Steps(2).First());
            }
        });
        RefusedExactly("The state has two things named 'count'.", () => New(new Twice()));
    }

    [Fact]
    public void Numbers_are_recorded_with_their_epoch_or_as_results()
    {
        string output = Quietly(() =>
        {
            Trainer trainer = New(new Counter(), epochs: 2);
            foreach (int epoch in trainer.Epochs())
            {
                foreach (int _ in trainer.Steps(1)) trainer.Report(("loss", epoch));
                trainer.Record("test_loss", 7);
                trainer.Record("test_loss", 2.5 * epoch);
            }

            trainer.Record("final", 42);
            trainer.WriteReport();
            Assert.Equal([2.5, 5], trainer.Progress.History.Select(line => line.Metrics["test_loss"]));
            Assert.Equal([1, 2], trainer.Progress.History.Select(line => line.Losses["loss"]));
            Assert.Equal([("final", 42.0)], trainer.Results);
        });
        Assert.Contains("Epoch [2/2]  loss: 2.0000  test_loss: 5.0000  ", output);
        string report = File.ReadAllText(Folder["report.html"]);
        Assert.Contains("<h2>Results</h2>\n<table>\n<tr><th>final</th><td>42</td></tr>", report);
        Assert.Contains("<h2>Measured after epochs</h2>", report);
    }

    [Fact]
    public void A_resumed_run_reports_the_page_and_the_captions_of_the_pictures_before()
    {
        string page = Folder.Put("lessons/gan.md", "# A GAN & more\n\ntext"u8.ToArray());
        foreach (int epochs in (int[])[1, 2]) Quietly(() =>
        {
            Trainer trainer = New(new Counter(), options => options with { Epochs = epochs, Resume = epochs == 2, Page = page });
            foreach (int epoch in trainer.Epochs())
            {
                foreach (int _ in trainer.Steps(1)) trainer.Report(("loss", epoch));
                if (epoch == 1) trainer.Output.Save($"epoch-{epoch:000}.png", new Picture(1, 1, 1), "Samples of <noise>");
            }
        });
        string report = File.ReadAllText(Folder["report.html"]);
        Assert.Contains("<figcaption>Samples of &lt;noise&gt;</figcaption>", report);
        Assert.Contains("<h1>A GAN &amp; more</h1>", report);
        Assert.Contains("<a href=\"lessons/gan.md\">lessons/gan.md</a>", report);
    }

    [Fact]
    public void Checkpoints_are_written_between_steps_when_their_time_has_come()
    {
        Clock clock = new();
        List<bool> written = [];
        string path = Folder["checkpoint.safetensors"];
        Quietly(() =>
        {
            Trainer trainer = New(new Counter(), options => options with { Clock = clock, CheckpointEvery = TimeSpan.FromSeconds(25) });
            foreach (int _ in trainer.Epochs())
            {
                foreach (int step in trainer.Steps(6))
                {
                    written.Add(File.Exists(path));
                    File.Delete(path);
                    clock.Pass(10);
                }
            }
        });
        Assert.Equal([false, false, false, true, false, false], written);
    }

    [Fact]
    public void Short_epochs_share_a_checkpoint_and_the_last_always_has_one()
    {
        Clock clock = new();
        int written = 0;
        string path = Folder["checkpoint.safetensors"];
        Quietly(() =>
        {
            // The clock stands still: after the first checkpoint, whose cost is not known before, nothing is worth its time.
            Trainer trainer = New(new Counter(), options => options with { Clock = clock, Epochs = 50 });
            foreach (int epoch in trainer.Epochs())
            {
                if (File.Exists(path)) written++;
                File.Delete(path);
            }
        });
        Assert.Equal(1, written);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void A_refused_checkpoint_changes_nothing()
    {
        using Sequential saved = Net(4), other = Net(5);
        Quietly(() =>
        {
            foreach (int _ in New(new Pair(new Counter { Count = 3 }, saved)).Epochs())
            {
            }

            float[] before = other.Parameters[1].ToArray();
            Counter counter = new();
            CheckpointException error =
                Assert.Throws<CheckpointException>(() => New(new Pair(counter, other), options => options with { Resume = true }));
            Assert.EndsWith("checkpoint.safetensors: tensor 'net.0.weight': this model needs F32 [3, 5], found F32 [3, 4].", error.Message);
            Assert.Equal(0, counter.Count);
            Assert.Equal(before, other.Parameters[1].ToArray());

            using Sequential less = new();
            error = Assert.Throws<CheckpointException>(() => New(new Pair(new Counter(), less), options => options with { Resume = true }));
            Assert.Contains("has no place in this model: it was saved by another one.", error.Message);
            error = Assert.Throws<CheckpointException>(() => New(saved, options => options with { Resume = true }));
            Assert.Contains("expected a tensor '0.weight', found none", error.Message);
        });
    }

    [Fact]
    public void Weights_alone_are_no_checkpoint()
    {
        string path = Folder["weights.safetensors"];
        using Sequential net = Net(4);
        new SafetensorsWriter().Add("net.0.weight", net.Parameters[0]).Save(path);
        Refused<CheckpointException>("found tensors alone: training cannot resume from weights.",
            () => New(net, options => options with { Resume = true, ResumeFrom = path }));
    }

    [Theory, Values("{}", "null", "[1]", "{\"Program\":null}", "not json")]
    public void A_record_that_is_none_is_refused(string json)
    {
        string path = Folder["checkpoint.safetensors"];
        new SafetensorsWriter().AddText("training", json).Save(path);
        RefusedWith<CheckpointException>($"{path}: what it says of the state of training cannot be read: ",
            () => New(new Counter(), options => options with { Resume = true }));
    }

    private static Sequential Net(int width) => new(new Linear(3, width, ModuleOptions.FromSeed(1)));

    private static string Quietly(Action action) => CapturedConsole.Of(() =>
    {
        action();
        return 0;
    }).Output;

    private Trainer New(IStateful model, int epochs = 1) => New(model, options => options with { Epochs = epochs });

    private Trainer New(IStateful model, Func<TrainerOptions, TrainerOptions> change) =>
        new(model, change(new TrainerOptions { Name = "test", Epochs = 1, Output = new OutputFolder(Folder.Path) }));

    private sealed class Counter : IStateful
    {
        public long Count { get; set; }

        public void VisitState(StateVisitor visitor) => Count = visitor.Number("count", Count);
    }

    private sealed class Twice : IStateful
    {
        public void VisitState(StateVisitor visitor)
        {
            visitor.Number("count", 1L);
            visitor.Number("count", 2L);
        }
    }

    private sealed class Pair(Counter counter, Module net) : IStateful
    {
        public void VisitState(StateVisitor visitor)
        {
            visitor.Part("counter", counter);
            visitor.Part("net", net);
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
