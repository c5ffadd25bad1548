using Engine.Tests.Protobuf;

namespace Engine.Tests.Training.TensorBoard;

// The programs print.
[Collection("console")]
public sealed class TensorBoardRunTests : IsolatedTests
{
    private const int Steps = TrainedPrograms.StepsPerEpoch, AllSteps = Steps * TrainedPrograms.Epochs;

    [Fact]
    public void A_run_writes_losses_metrics_pictures_texts_and_results()
    {
        string output = Run("run", 0, "--pictures", "1");
        Assert.Contains("  tensorboard\n", output);
        string[] shown = Shown("run");
        Assert.Equal(AllSteps, shown.Count(value => value.Contains(" step/loss ", StringComparison.Ordinal)));
        for (int epoch = 1; epoch <= TrainedPrograms.Epochs; epoch++)
        {
            Assert.Contains($"{epoch * Steps} epoch/twice {2 * epoch}", shown);
            Assert.Single(shown, value => value.StartsWith($"{epoch * Steps} epoch/loss ", StringComparison.Ordinal));
            byte[] png = File.ReadAllBytes(Folder[$"run/epoch-{epoch}.png"]);
            Assert.Contains($"{epoch * Steps} epoch picture {EventFile.Crc(png):x8}", shown);
        }

        Assert.Contains($"{AllSteps + 1} results/picture 1 1", shown);
        Assert.Contains($"{AllSteps + 1} picture-1 picture ", string.Join('\n', shown));
        Fields run = EventFile.Read(Directory.GetFiles(Folder["run/tensorboard"]).Single())[2].Message(5).Message(1);
        Assert.Equal("run", run.Text(1));
        Assert.Contains("| --batch | 16 |\n", run.Message(8).Text(8));
        Assert.Contains("A test.", run.Message(8).Text(8));
    }

    [Fact]
    public void A_run_that_is_stopped_often_shows_what_one_shows_that_never_was()
    {
        Run("whole", 0, "--pictures", "1");

        // The first of the steps is that of the forecast of the memory, which an option above its default asks for.
        Run("parts", 2, "--pictures", "1");
        foreach (int steps in (int[])[5, 2, 3, 10]) Run("parts", steps, "--pictures", "1", "--resume");
        Run("parts", 0, "--pictures", "1", "--resume");

        // What comes after training comes again.
        Run("parts", 0, "--pictures", "1", "--resume");
        Assert.Equal(Values("whole"), Values("parts"));
    }

    [Fact]
    public void A_run_that_resumes_from_an_earlier_checkpoint_replaces_what_was_written_past_it()
    {
        Run("whole", 0);
        Run("parts", 8);
        File.Copy(Folder["parts/checkpoint.safetensors"], Folder["earlier.safetensors"]);
        Run("parts", 9, "--resume");
        Assert.NotEqual(Values("whole"), Values("parts"));
        Run("parts", 0, "--resume", Folder["earlier.safetensors"]);
        Assert.Equal(Values("whole"), Values("parts"));

        // A run that starts over replaces all of it.
        Run("parts", 2);
        Assert.All(Shown("parts"), value => Assert.InRange(long.Parse(value.Split(' ')[0]), 0, 3));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_told()
    {
        Directory.CreateDirectory(Folder["run"]);
        string file = Folder.Put("run/tensorboard", [1]);
        (int code, _, string error) = CapturedConsole.Of(() => TrainedPrograms.Run(
            "regression", ["--out", Folder["run"], "--device", "cpu:1", "--tensorboard"], () => Assert.Fail("must not train")));
        Assert.Equal(1, code);
        Assert.StartsWith($"regression: {file} cannot be written: ", error);
    }

    [Fact]
    public void Points_of_losses_become_sparse()
    {
        foreach ((int reported, int expected) in ((int, int)[])[(999, 999), (1000, 1000), (1001, 1000), (2000, 1500), (8000, 2500)])
            Assert.Equal(expected, Enumerable.Range(1, reported).Count(i => StepCurve.IsPoint(i)));
    }

    private string[] Shown(string name) => EventFile.Shown(Folder[$"{name}/tensorboard"]);

    // Without what is said of the command and the machine.
    private string[] Values(string name) =>
        [.. Shown(name).Where(value => !value.Contains(" run text ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private string Run(string name, int stopAfter, params string[] args)
    {
        using CancellationTokenSource interrupt = new();
        return CapturedConsole.Of(() => TrainedPrograms.Run(
            "regression",
            ["--out", Folder[name], "--device", "cpu:1", "--tensorboard", .. args],
            () =>
            {
                if (--stopAfter == 0) interrupt.Cancel();
            },
            interrupt.Token)).Success();
    }
}
