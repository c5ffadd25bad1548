using System.CommandLine;

namespace Engine.Tests.Training;

// What the program writes to the console is looked at, so nothing else may write there meanwhile.
[Collection("console")]
public sealed class TrainingProgramTests : IsolatedTests
{
    private string Out => Folder["out"];

    [Fact]
    public void A_run_trains_reports_and_says_what_was_written()
    {
        string output = Run("--epochs", "2", "--batch", "50", "--device", "cpu:1").Success();
        Assert.Contains("Epoch [2/2]  loss: 1.5000", output);
        Assert.Contains("epoch-1.png to epoch-2.png", output);
        Assert.Equal(["checkpoint.safetensors", "epoch-1.png", "epoch-2.png", "losses.svg", "report.html"], Names());
    }

    [Fact]
    public void Help_explains_every_option()
    {
        (int code, string output, _) = Run("--help");
        Assert.Equal(0, code);
        foreach (string option in (
            ReadOnlySpan<string>)["--data", "--epochs", "--batch", "--seed", "--device", "--precision", "--out", "--resume",
            "--checkpoint-minutes", "--keep-previous", "--tensorboard"]) Assert.Contains(option, output);
    }

    [Fact]
    public void Help_says_where_data_come_from_and_lists_a_programs_own_options_first()
    {
        Option<int?> own = ProgramOption.OptionalInteger("--own", "Its own; by default none.");
        string help = CapturedConsole.Of(() => TrainingProgram.Run(
            ["--help"], new ProgramInfo("test", "A test.", 1, 8), _ => Assert.Fail("must not train"), own)).Success();
        Assert.Contains("ENGINE_DATA", help);
        Assert.Contains("mnist from ossci-datasets.s3.amazonaws.com", help);
        Assert.InRange(help.IndexOf("--own", StringComparison.Ordinal), 1, help.IndexOf("--data", StringComparison.Ordinal));
    }

    [Fact]
    public void The_images_that_are_trained_on_are_counted()
    {
        Refused("--images must be a whole number of at least 1, was '0'.", "--images", "0");
        Refused("--batch must be at most 60, the number of images in digits (train); was 61.", "--images", "60", "--batch", "61");
        Assert.Contains("Data: digits (train), 60 of 100 images of 28 x 28.",
            Run("--epochs", "1", "--batch", "50", "--images", "60", "--device", "cpu:1").Success());
    }

    [Theory]
    [InlineData("--batch must be a whole number from 1 to 1000, was '0'.", "--batch", "0")]
    [InlineData("--epochs must be a whole number of at least 1, was '-1'.", "--epochs", "-1")]
    [InlineData("--epochs must be a whole number of at least 1, was 'many'.", "--epochs", "many")]
    [InlineData("--seed must be a whole number of at least 0, was '-3'.", "--seed", "-3")]
    [InlineData("'--colour'", "--colour", "red")]
    [InlineData("There is no device 'tpu'", "--device", "tpu")]
    [InlineData("Device 'cuda:5' does not open", "--device", "cuda:5")]
    [InlineData("--batch must be at most 100, the number of images in digits (train); was 101.", "--batch", "101")]
    [InlineData("no-such-folder", "--data", "./no-such-folder")]
    [InlineData("--data must be a name or a path, was ''.", "--data", "")]
    [InlineData("--data must be a name or a path, was ' '.", "--data", " ")]
    [InlineData("--out must be the path of a folder, was ''.", "--out", "")]
    [InlineData("--batch must be a whole number from 1 to 1000, was '1001'.", "--batch", "1001")]
    [InlineData("--checkpoint-minutes must be a number of at least 0, was '-1'.", "--checkpoint-minutes", "-1")]
    [InlineData("--checkpoint-minutes must be a number of at least 0, was 'often'.", "--checkpoint-minutes", "often")]
    [InlineData("There is no checkpoint to resume from: ", "--resume")]
    [InlineData("There is no checkpoint to resume from: ", "--resume", "./no-such-file")]
    [InlineData("--batch must be a whole number from 1 to 1000, was '2147483648'.", "--batch", "2147483648")]
    public void Bad_options_give_a_sentence_and_exit_code_1(string sentence, params string[] args) => Refused(sentence, args);

    [Theory]
    [InlineData("ENGINE_GUARD", "foo", "ENGINE_GUARD must be step or not set; found 'foo'.")]
    [InlineData("ENGINE_KERNEL", "foo", "ENGINE_KERNEL must name kernels and numbers, as in matmul:2; found 'foo'.")]
    [InlineData("ENGINE_KERNEL", "matmul:99", "ENGINE_KERNEL: matmul has the forms 1 to 6; found 'matmul:99'.")]
    public void A_variable_that_cannot_be_read_gives_a_sentence_and_exit_code_1(string name, string value, string sentence)
    {
        using ChildProgram program = new([(name, value)], "regression", "--out", Out, "--device", "cpu:1");
        (int code, _, string error) = program.Result();
        Assert.Equal((1, $"regression: {sentence}"), (code, error.Trim()));
    }

    [Fact]
    public void An_empty_folder_is_named() => Refused(Folder.Path, "--data", Folder.Path);

    [Fact]
    public void A_truncated_gzip_is_named()
    {
        byte[] whole = TestFolder.Gzip(Images(20));
        Folder.Put("train-images-idx3-ubyte.gz", whole[..(whole.Length / 2)]);
        Folder.Put("train-labels-idx1-ubyte.gz", TestFolder.Gzip(Labels(20)));
        Refused("train-images-idx3-ubyte.gz", "--data", Folder.Path);
    }

    [Fact]
    public void A_wrong_magic_is_named()
    {
        byte[] images = Images(20);
        images[3] = 9;
        Folder.Put("train-images-idx3-ubyte", images);
        Folder.Put("train-labels-idx1-ubyte", Labels(20));
        Refused("magic", "--data", Folder.Path);
    }

    [Fact]
    public void Labels_that_disagree_with_images_are_named()
    {
        Folder.Put("train-images-idx3-ubyte", Images(20));
        Folder.Put("train-labels-idx1-ubyte", Labels(19));
        Refused("19", "--data", Folder.Path);
    }

    [Fact]
    public void An_output_that_is_no_folder_is_named()
    {
        File.WriteAllText(Out, "a file");
        Assert.Contains($"--out: the folder '{Out}' cannot be written", Run().Failure());
        Assert.Equal("a file", File.ReadAllText(Out));
    }

    [Theory, Values("1", "-0.5", "half", "NaN")]
    public void A_decay_out_of_range_gives_a_sentence_and_exit_code_1(string text)
    {
        System.CommandLine.Option<double> decay = ProgramOption.Decay("--beta1", "A decay.", 0.5);
        string error =
            CapturedConsole.Of(() => TrainingProgram.Run(["--beta1", text], Info(), _ => Assert.Fail("must not train"), decay)).Failure();
        Assert.Contains("test: --beta1 must be a number of at least 0 and less than 1, was ", error);
    }

    [Fact]
    public void A_run_opens_a_device_of_its_own_and_closes_it()
    {
        Device shared = Device.Default;
        Precision before = shared.Precision;
        Device? own = null;
        CapturedConsole.Of(() => TrainingProgram.Run(["--precision", "tf32"], Info(), run =>
        {
            own = run.Device;
            Assert.Equal(Precision.Tf32, own.Precision);
            own.Allocate(DType.Float32, 1).Release();
        }));
        Assert.NotNull(own);
        Assert.NotSame(shared, own);
        Assert.Equal(shared.Name, own.Name);
        Assert.Equal(before, shared.Precision);
        Assert.Throws<ObjectDisposedException>(() => own.Allocate(DType.Float32, 1));
        Assert.Same(shared, Device.Default);
    }

    [Fact]
    public void A_decay_in_range_is_taken()
    {
        System.CommandLine.Option<double> decay = ProgramOption.Decay("--beta1", "A decay.", 0.5);
        List<double> seen = [];
        CapturedConsole.Of(() => TrainingProgram.Run(["--beta1", "0.9"], Info(), run => seen.Add(run.Option(decay)), decay));
        CapturedConsole.Of(() => TrainingProgram.Run([], Info(), run => seen.Add(run.Option(decay)), decay));
        Assert.Equal([0.9, 0.5], seen);
    }

    [Fact]
    public void A_word_that_is_none_of_the_choices_is_refused_with_the_option_and_the_choices()
    {
        System.CommandLine.Option<string> model = ProgramOption.Choice("--model", "A model.", "large", "small");
        string error =
            CapturedConsole.Of(() => TrainingProgram.Run(["--model", "huge"], Info(), _ => Assert.Fail("must not train"), model)).Failure();
        Assert.Contains("test: --model must be one of large, small; was 'huge'.", error);
    }

    [Fact]
    public void Stopped_while_something_is_measured_the_run_ends_well()
    {
        using CancellationTokenSource stop = new();
        (int code, string output, _) = CapturedConsole.Of(() => TrainingProgram.Run(["--out", Out], Info(), run =>
        {
            run.Output.Save("trained.txt", "what training left"u8);
            stop.Cancel();
            run.Stopping.ThrowIfCancellationRequested();
        }, stop.Token));
        Assert.Equal(0, code);
        Assert.Contains("Stopped by", output);
        Assert.Contains("trained.txt", output);
    }

    [Fact]
    public void A_program_may_have_options_of_its_own()
    {
        System.CommandLine.Option<int> width = new("--width") { DefaultValueFactory = _ => 3 };
        int seen = 0;
        CapturedConsole.Of(() => TrainingProgram.Run(["--width", "9"], Info(), run => seen = run.Option(width), width));
        Assert.Equal(9, seen);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public void Options_of_a_programs_own_must_be_the_same_to_go_on_unless_it_calls_them_free(bool isFree, int expected)
    {
        System.CommandLine.Option<int> width = new("--width") { DefaultValueFactory = _ => 3 };
        ProgramInfo info = Info() with { FreeOptions = isFree ? ["--width"] : [] };
        Assert.Equal(0, CapturedConsole.Of(() => TrainingProgram.Run(["--out", Out], info, run => Train(run, () => { }), width)).Code);
        (int code, _, string error) = CapturedConsole.Of(
            () => TrainingProgram.Run(["--out", Out, "--resume", "--width", "4"], info, run => Train(run, () => { }), width));
        Assert.Equal(expected, code);
        if (!isFree) Assert.Contains("was trained with 3, this run has 4. Training resumes only with the same value.", error);
    }

    [Fact]
    public void Checkpoints_of_before_there_was_an_option_agree_with_its_default_and_of_before_it_was_free_with_any_value()
    {
        System.CommandLine.Option<int> width = new("--width") { DefaultValueFactory = _ => 3 };
        Assert.Equal(0, CapturedConsole.Of(() => TrainingProgram.Run(["--out", Out], Info(), run => Train(run, () => { }))).Code);
        string error = CapturedConsole.Of(
            () => TrainingProgram.Run(["--out", Out, "--resume", "--width", "4"], Info(), run => Train(run, () => { }), width)).Failure();
        Assert.Contains("--width: ", error);
        Assert.Contains("was trained with nothing of that name, this run has 4.", error);
        string[] more = ["--out", Out, "--resume", "--epochs"];
        Assert.Equal(0, CapturedConsole.Of(() => TrainingProgram.Run([.. more, "2"], Info(), run => Train(run, () => { }), width)).Code);
        Assert.Equal(0, CapturedConsole.Of(
            () => TrainingProgram.Run(
                [.. more, "3", "--width", "9"], Info() with { FreeOptions = ["--width"] }, run => Train(run, () => { }), width)).Code);
    }

    [Fact]
    public void Images_of_another_size_are_named_with_what_was_expected()
    {
        Folder.Put("train-images-idx3-ubyte", Images(20));
        Folder.Put("train-labels-idx1-ubyte", Labels(20));
        Refused($"--data: expected images of 28 x 28 x 1 (height x width x channels), found 2 x 2 x 1 in {Folder.Name} (train); "
            + "--size 28 --channels 1 makes them so.",
            "--data", Folder.Path);
    }

    [Fact]
    public void Too_little_memory_is_told_with_what_was_asked_for()
    {
        (int code, _, string error) = CapturedConsole.Of(
            () => TrainingProgram.Run(["--out", Out, "--batch", "77"], Info(), _ => throw new OutOfMemoryException("No more.")));
        Assert.Equal((1, $"test: There is not enough memory for --batch 77: No more.{Environment.NewLine}"), (code, error));
    }

    [Fact]
    public void A_mistake_in_a_program_shows_its_stack_trace()
    {
        (int code, _, string error) =
            CapturedConsole.Of(() => TrainingProgram.Run(["--out", Out], Info(), _ => throw new InvalidOperationException("A mistake.")));
        Assert.NotEqual(0, code);
        Assert.Contains("A mistake.", error);
        Assert.Contains($"   at {typeof(TrainingProgramTests).FullName}.", error);
    }

    [Fact]
    public void An_interrupt_ends_the_run_after_its_step_and_keeps_what_was_done()
    {
        using CancellationTokenSource interrupt = new();
        int steps = 0;
        (int code, string output, string error) = CapturedConsole.Of(() => TrainingProgram.Run(
            ["--out", Out, "--epochs", "5"],
            Info(),
            run => Train(run, () =>
            {
                // In the middle of the second epoch of ten steps.
                if (++steps == 15) interrupt.Cancel();
            }),
            interrupt.Token));

        Assert.Equal((0, "", 15), (code, error, steps));
        Assert.Contains("Epoch [2/5, 5 of 10 steps]  loss: 1.5000", output);
        Assert.Contains("Stopped by Ctrl+C; what was done so far is kept.", output);
        Assert.Contains("epoch-1.png to epoch-2.png", output);
        Assert.Contains("To resume: ", output);
        Assert.Equal(["checkpoint.safetensors", "epoch-1.png", "epoch-2.png", "losses.svg", "report.html"], Names());
    }

    [Fact]
    public void An_interrupt_before_training_leaves_nothing_behind()
    {
        using CancellationTokenSource interrupt = new();
        (int code, string output, string error) = CapturedConsole.Of(() => TrainingProgram.Run(
            ["--out", Out],
            Info(),
            run =>
            {
                interrupt.Cancel();
                interrupt.Token.ThrowIfCancellationRequested();
            },
            interrupt.Token));
        Assert.Equal((0, $"Stopped.{Environment.NewLine}", ""), (code, output, error));
        Assert.False(Directory.Exists(Out));
    }

    [Fact]
    public void Pictures_of_an_earlier_longer_run_stay_and_are_told_apart()
    {
        Run("--epochs", "4");
        File.WriteAllText(Path.Combine(Out, "mine-1.txt"), "a note");
        (_, string output, _) = Run("--epochs", "2");
        Assert.Contains("  epoch-1.png to epoch-2.png", output);
        Assert.Contains("From an earlier run: epoch-3.png to epoch-4.png", output);
        Assert.DoesNotContain("mine", output);
        Assert.Equal(
            ["checkpoint-earlier.safetensors", "checkpoint.safetensors", "epoch-1.png", "epoch-2.png", "epoch-3.png", "epoch-4.png",
                "losses.svg", "mine-1.txt", "report.html"],
            Names());
    }

    private IEnumerable<string?> Names() => Directory.GetFiles(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private void Refused(string sentence, params string[] args)
    {
        string error = Run(args).Failure();
        Assert.Contains(sentence, error);
        Assert.StartsWith("test: ", error);
        Assert.DoesNotContain("   at ", error);
        Assert.False(Directory.Exists(Out), "nothing may be left behind");
    }

    private static ProgramInfo Info() => new("test", "A test.", Epochs: 1, Batch: 10) { Digits = 100, MaxBatch = 1000 };

    private (int Code, string Output, string Error) Run(params string[] args) =>
        CapturedConsole.Of(() =>
            TrainingProgram.Run([.. args.Contains("--out") ? (string[])[] : ["--out", Out], .. args], Info(),
                run => Train(run, () => { })));

    private static void Train(TrainingRun run, Action step)
    {
        var batches = run.Batches(run.LoadImages(28, 28, channels: 1));
        Trainer trainer = run.Trainer([]);
        foreach (int epoch in trainer.Epochs())
        {
            foreach (var batch in trainer.Steps(batches))
            {
                trainer.Report(("loss", 1.5));
                step();
            }

            run.Output.Save($"epoch-{epoch}.png", new Picture(2, 2, 1));
        }
    }

    private static byte[] Images(int count) => TestFolder.Idx(new byte[count * 4], count, 2, 2);

    private static byte[] Labels(int count) => TestFolder.Idx(new byte[count], count);
}
