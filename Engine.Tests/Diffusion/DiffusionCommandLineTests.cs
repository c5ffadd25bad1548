using Engine.Models.Diffusion;

namespace Engine.Tests.Diffusion;

[Collection("console")]
public sealed class DiffusionCommandLineTests
{
    [Fact]
    public void Linear_steps_of_any_number_lead_to_noise_and_what_is_left_is_said()
    {
        Assert.Null(Read().SignalWarning);
        Assert.Equal(NoiseSchedule.Linear(10).AlphaBars.ToArray(),
            Read("--schedule", "linear", "--noise-steps", "10").Schedule.AlphaBars.ToArray());
        Assert.Null(Read("--schedule", "linear", "--noise-steps", "10").SignalWarning);
        Assert.StartsWith("The linear schedule of 1000 steps leaves 0.0064 of an image at its end, more than 0.001",
            Read("--schedule", "linear").SignalWarning);
        Assert.StartsWith(
            "The cosine schedule of 10 steps leaves 0.0049 of an image at its end", Read("--noise-steps", "10").SignalWarning);
    }

    [Theory]
    [InlineData("linear", "v", "1000")]
    [InlineData("linear", "x0", "10")]
    [InlineData("cosine", "v", "10")]
    public void Zero_snr_leaves_nothing(string schedule, string predict, string steps)
    {
        DiffusionChoices choices = Read("--zero-snr", "--schedule", schedule, "--predict", predict, "--noise-steps", steps);
        Assert.Equal((schedule, 0, null), (choices.Schedule.Name, choices.Schedule.SignalLeft, choices.SignalWarning));
    }

    [Fact]
    public void Zero_snr_refuses_a_prediction_of_the_noise() => Assert.Contains(
        "it needs --predict v or x0, found --predict eps",
        CapturedConsole.Of(() => Run(_ => Assert.Fail("must not train"), ["--zero-snr"])).Failure());

    private static DiffusionChoices Read(params string[] args)
    {
        DiffusionChoices? choices = null;
        CapturedConsole.Of(() => Run(read => choices = read, args)).Success();
        return choices!;
    }

    private static int Run(Action<DiffusionChoices> take, string[] args)
    {
        DiffusionCommandLine options = new();
        return TrainingProgram.Run(
            [.. args, "--device", "cpu:1"], new ProgramInfo("diffusion", "A test.", Epochs: 1, Batch: 10), run => take(options.Read(run)),
            options.All);
    }
}
