namespace Engine.Tests.Training;

[Collection("console")]
public sealed class ResumeTests : IsolatedTests
{
    private const int Steps = TrainedPrograms.Epochs * TrainedPrograms.StepsPerEpoch;

    private string Out => Folder["out"];

    public static TheoryData<string> Programs => new(TrainedPrograms.Quick);

    [Theory, MemberData(nameof(Programs))]
    public void A_run_that_is_stopped_and_resumed_ends_with_the_same_bits(string program)
    {
        string whole = Folder["whole"];
        Assert.Equal(0, Run(program, whole).Code);

        // The first step, the last of an epoch, the first of one, one in the middle, the very last.
        foreach (int step in (int[])[1, TrainedPrograms.StepsPerEpoch, TrainedPrograms.StepsPerEpoch + 1, Steps - 8, Steps])
        {
            string stopped = Folder[$"stopped-{step}"];
            (int code, string output, _) = Run(program, stopped, step);
            Assert.Equal(0, code);
            Assert.Contains("To resume: ", output);
            (code, output, _) = Run(program, stopped, 0, "--resume");
            Assert.Equal(0, code);
            Assert.Contains("Resuming from ", output);
            Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(stopped));
            foreach (string picture in (ReadOnlySpan<string>)["losses.svg", "epoch-1.png", "epoch-4.png"])
                Assert.Equal(File.ReadAllBytes(Path.Combine(whole, picture)), File.ReadAllBytes(Path.Combine(stopped, picture)));
            Assert.Equal(Report(whole), Report(stopped));
        }
    }

    [Theory, Values("gan", "char-rnn", "diffusion")]
    public void A_run_that_is_stopped_between_the_steps_of_an_epoch_and_its_end_does_only_the_rest_again(string program)
    {
        string whole = Folder["whole"];
        Assert.Equal(0, Run(program, whole).Code);

        // When the picture of the third epoch is drawn, for which a GAN draws from the random stream of its training; and the last one.
        foreach (int epoch in (int[])[3, TrainedPrograms.Epochs])
        {
            string stopped = Folder[$"stopped-{epoch}"];
            using CancellationTokenSource interrupt = new();
            int pictures = 0, steps = 0;
            (int code, string output, string error) = CapturedConsole.Of(() => TrainedPrograms.Run(
                program, ["--out", stopped, "--device", "cpu:1"], null, interrupt.Token, () =>
                {
                    if (++pictures == epoch) interrupt.Cancel();
                }));
            Assert.Equal((0, "", epoch), (code, error, pictures));
            Assert.Contains($"Epoch [{epoch}/4]  loss: ", output);
            Assert.Contains("Stopped by Ctrl+C; what was done so far is kept.", output);
            Assert.False(File.Exists(Path.Combine(stopped, $"epoch-{epoch}.png")));
            Assert.Contains($"Stopped after {epoch - 1} of 4 epochs and 6 steps.", File.ReadAllText(Path.Combine(stopped, "report.html")));

            (code, output, _) = CapturedConsole.Of(() => TrainedPrograms.Run(
                program, ["--out", stopped, "--device", "cpu:1", "--resume"], () => steps++));
            Assert.Equal((0, (TrainedPrograms.Epochs - epoch) * TrainedPrograms.StepsPerEpoch), (code, steps));
            Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(stopped));
            foreach (string picture in (ReadOnlySpan<string>)["losses.svg", "epoch-1.png", "epoch-3.png", "epoch-4.png"])
                Assert.Equal(File.ReadAllBytes(Path.Combine(whole, picture)), File.ReadAllBytes(Path.Combine(stopped, picture)));
            Assert.Equal(Report(whole), Report(stopped));
        }
    }

    [Fact]
    public void A_run_that_is_stopped_after_its_training_keeps_what_was_drawn_and_draws_the_rest_when_it_resumes()
    {
        using CancellationTokenSource interrupt = new();
        string[] args = ["--out", Out, "--device", "cpu:1", "--pictures", "3"];
        int pictures = 0;
        string output = CapturedConsole.Of(() => TrainedPrograms.Run("regression", args, null, interrupt.Token, () =>
        {
            if (++pictures == TrainedPrograms.Epochs + 2) interrupt.Cancel();
        })).Success();
        Assert.Contains("Stopped by Ctrl+C after the last epoch; what was measured and drawn so far is kept.", output);
        Assert.Contains("To resume: ", output);
        Assert.Equal([true, false, false],
            Enumerable.Range(1, 3).Select(i => File.Exists(Path.Combine(Out, $"picture-{i}.png"))));
        string report = File.ReadAllText(Path.Combine(Out, "report.html"));
        Assert.Contains("Finished: 4 of 4 epochs. Stopped afterwards.", report);
        Assert.Contains("<tr><th>picture 1</th><td>1</td></tr>", report);

        output = CapturedConsole.Of(() => TrainedPrograms.Run("regression", [.. args, "--resume"])).Success();
        Assert.DoesNotContain("Epoch [", output);
        Assert.True(File.Exists(Path.Combine(Out, "picture-3.png")));
        Assert.Contains("Finished: 4 of 4 epochs.<", File.ReadAllText(Path.Combine(Out, "report.html")));
    }

    [Fact]
    public void Every_step_may_be_stopped_after_one_after_the_other()
    {
        string whole = Folder["whole"];
        Run("regression", whole);
        Run("regression", Out, 1);
        for (int step = 1; step < Steps; step++) Run("regression", Out, 1, "--resume");
        Run("regression", Out, 0, "--resume");
        Assert.Equal(CheckpointContent.Of(whole)[0], CheckpointContent.Of(Out)[0]);
        Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(Out));
    }

    [Fact]
    public void More_epochs_go_on_where_fewer_ended()
    {
        string whole = Folder["whole"];
        Run("regression", whole);
        Run("regression", Out, 0, "--epochs", "2");
        Assert.Contains("(2 epochs). All 2 epochs are done; more --epochs would continue.",
            Run("regression", Out, 0, "--epochs", "2", "--resume").Output);
        Run("regression", Out, 0, "--resume");
        Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(Out));
    }

    [Fact]
    public void A_checkpoint_may_be_taken_from_elsewhere_and_stays_there()
    {
        string whole = Folder["whole"], from = Folder["from"];
        Run("regression", whole);
        Run("regression", from, 9);
        byte[] before = File.ReadAllBytes(Path.Combine(from, "checkpoint.safetensors"));
        Run("regression", Out, 0, "--resume", from, "--device", "cpu:2");
        Assert.Equal(CheckpointContent.Of(whole)[1..], CheckpointContent.Of(Out)[1..]);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(from, "checkpoint.safetensors")));
    }

    [Theory]
    [InlineData("--batch", "16", "20")]
    [InlineData("--seed", "1", "2")]
    public void An_option_that_changes_the_meaning_is_refused_with_both_values(string option, string before, string now)
    {
        Run("regression", Out, 9);
        string error = Run("regression", Out, 0, "--resume", option, now).Failure();

        // With another seed the digits are others too.
        Assert.Matches(
            $@"^regression: {option}: .*checkpoint\.safetensors was trained with {before}, this run has {now}\.|^regression: --data: ",
            error);
    }

    [Fact]
    public void Other_data_are_refused_with_both_descriptions()
    {
        Run("regression", Out, 9);
        Folder.Put("train-images-idx3-ubyte", TestFolder.Idx(new byte[40 * 28 * 28], 40, 28, 28));
        Folder.Put("train-labels-idx1-ubyte", TestFolder.Idx(new byte[40], 40));
        string error = Run("regression", Out, 0, "--resume", "--data", Folder.Path).Failure();
        Assert.Contains("was trained with digits (train): 100 images of 28 x 28 x 1, checksum ", error);
        Assert.Contains($"this run has {Folder.Name} (train): 40 images of 28 x 28 x 1, checksum ", error);
    }

    [Fact]
    public void The_checkpoint_of_another_program_is_refused()
    {
        Run("regression", Out, 9);
        (int code, _, string error) = Run("gan", Out, 0, "--resume");
        Assert.Equal((1, true), (code, error.Contains("is a checkpoint of 'regression', not of 'gan'.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_checkpoint_that_is_cut_short_is_refused_and_stays()
    {
        Run("regression", Out, 9);
        string path = Path.Combine(Out, "checkpoint.safetensors");
        byte[] cut = File.ReadAllBytes(path)[..^100];
        File.WriteAllBytes(path, cut);
        string error = Run("regression", Out, 0, "--resume").Failure();
        Assert.Contains(path, error);
        Assert.DoesNotContain("   at ", error);
        Assert.Equal(cut, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_run_that_begins_anew_says_what_is_there_and_keeps_it()
    {
        Run("regression", Out, 9);
        byte[] before = File.ReadAllBytes(Path.Combine(Out, "checkpoint.safetensors"));
        (_, string output, _) = Run("regression", Out, 3);
        Assert.Contains("There is a checkpoint of an earlier run, ", output);
        Assert.Contains("after epoch 2, 3 steps. --resume continues from it; this run starts over.", output);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Out, "checkpoint-earlier.safetensors")));
        Assert.Contains("(epoch 1, 3 steps)", Run("regression", Out, 0, "--resume").Output);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Out, "checkpoint-earlier.safetensors")));
    }

    [Fact]
    public void A_file_that_is_no_checkpoint_does_not_keep_a_run_from_beginning()
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "checkpoint.safetensors"), "mine");
        (int code, string output, _) = Run("regression", Out, 3);
        Assert.Equal(0, code);
        Assert.Contains("which cannot be used: ", output);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Out, "checkpoint-earlier.safetensors")));
    }

    [Fact]
    public void The_checkpoint_before_the_last_is_kept_when_asked_for()
    {
        Run("regression", Out, 3, "--keep-previous", "--checkpoint-minutes", "0");
        string[] last = CheckpointContent.Of(Out);
        string previous = Path.Combine(Out, "checkpoint-previous.safetensors");
        Assert.True(File.Exists(previous));
        File.Move(previous, Path.Combine(Out, "checkpoint.safetensors"), overwrite: true);
        Assert.Contains("(epoch 1, 2 steps)", Run("regression", Out, 1, "--resume").Output);
        Assert.Equal(last, CheckpointContent.Of(Out));
    }

    // Runs a program, stopped after a number of steps; 0 lets it run to its end.
    private static (int Code, string Output, string Error) Run(string program, string folder, int stopAfter = 0, params string[] args)
    {
        using CancellationTokenSource interrupt = new();
        string[] device = args.Contains("--device") ? [] : ["--device", "cpu:1"];
        return CapturedConsole.Of(() => TrainedPrograms.Run(
            program,
            ["--out", folder, .. device, .. args],
            () =>
            {
                if (--stopAfter == 0) interrupt.Cancel();
            },
            interrupt.Token));
    }

    // The part of the report that does not speak of time and place.
    private static string Report(string folder)
    {
        string html = File.ReadAllText(Path.Combine(folder, "report.html"));
        int command = html.IndexOf("<h2>How it was made</h2>", StringComparison.Ordinal),
            options = html.IndexOf("<h3>Options</h3>", StringComparison.Ordinal);
        return html[..command] + html[options..];
    }
}
