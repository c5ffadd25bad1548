using System.CommandLine;
using System.Text.RegularExpressions;
using Engine.Models.Autoregressive.Series;
using Engine.Models.Flow;
using Engine.Tests.Training;

namespace Engine.Tests.Faults;

/// <summary>Trainings that would need more memory than there is are refused before they take any.</summary>
[Collection("console")]
public sealed partial class LimitTests : IsolatedTests
{
    /// <summary>How much a refused run may take: the data, and what the process grows by itself.</summary>
    private const long Most = 500L << 20;

    private readonly Option<int> _width = ProgramOption.Integer("--width", "Width.", 8, 1), _layers = ProgramOption.Integer(
        "--layers", "Layers.", 1, 1, 1000), _seen = ProgramOption.Integer("--seen", "Repetitions of an image.", 1, 1);

    public static TheoryData<string, string> Refused => new()
    {
        { "--width 1000000000", "--width must be at most about [0-9]+, was 1000000000: a step needs more than an array can hold" },
        { "--width 2147483647", "--width must be at most about [0-9]+, was 2147483647: a step needs more than an array can hold" },
        { "--width 1048576 --layers 2", "--width must be at most about [0-9]+, was 1048576: a step needs more than an array can hold" },
        { "--width 32768 --layers 1000", "--width must be at most about [0-9]+, was 32768: a step needs about 1[0-9]{4}.[0-9] GB" },
        { "--width 1024 --layers 4 --seen 100000", "--seen must be at most about [0-9]+, was 100000: a step needs about [0-9]+.[0-9] GB" },
        { "--seen 2147483647", "--seen must be at most about [0-9]+, was 2147483647: a step needs more than an array can hold" },
        { "--batch 2147483647", "--batch must be a whole number from 1 to 1000000, was '2147483647'" },
    };

    [Theory, MemberData(nameof(Refused))]
    public void What_does_not_fit_is_refused_by_the_option_that_weighs_most(string line, string expected)
    {
        long before = Environment.WorkingSet;
        string error = Run(line.Split(' ')).Failure();
        Assert.Matches($"^limits: {expected}", error);
        Assert.DoesNotContain("   at ", error);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, Most);
        Assert.False(Directory.Exists(Folder["out"]));
    }

    /// <summary>Also where an epoch has no more than one batch.</summary>
    [Theory, Values(16, 100)]
    public void What_a_second_stage_takes_is_looked_at_too(int images)
    {
        ProgramInfo info = new("limits", "A test.", Epochs: 3, Batch: 16) { Digits = images };
        string error = CapturedConsole.Of(() => TrainingProgram.Run(
            ["--out", Folder["out"], "--device", "cpu:1", "--seen", "10000000"], info, run =>
            {
                BatchLoader batches = run.Batches(run.LoadImages(28, 28, channels: 1));
                using Linear layer = new(784, 1, new ModuleOptions(run.Random, run.Device));
                Trainer trainer = run.Trainer(("layer", layer));
                foreach (int _ in trainer.Epochs(secondStage: 2))
                {
                    foreach (Batch batch in trainer.Steps(batches))
                    {
                        using Tape tape = new(run.Device);
                        Tensor x = Tensor.From(batch.Images, [batch.Count, 784]);
                        if (trainer.Epoch > 1) x.Reshape(1, batch.Count, 784).BroadcastTo([run.Option(_seen), batch.Count, 784]);
                        layer.Forward(x);
                    }
                }
            }, _seen)).Failure();
        Assert.Matches("^limits: --seen must be at most about [0-9]+, was 10000000: a step needs more than an array can hold", error);
    }

    [Fact]
    public void What_is_expected_fits()
    {
        string error = Run("--width", "4096", "--seen", "100000").Failure();
        string fits = FitsExpression().Match(error).Groups[1].Value;
        ProgramInfo info = new("limits", "A test.", Epochs: 1, Batch: 16) { Digits = 100 };
        double? needed = null;
        _ = CapturedConsole.Of(() => TrainingProgram.Run(
            ["--out", Folder["out"], "--width", "4096", "--seen", fits, "--device", "cpu:1"], info,
            run => needed ??= MemoryForecast.Needed(run, Train, null, out _), _width, _layers, _seen));
        Assert.InRange(needed!.Value, 1e6, HostMemory.Total);
    }

    [Theory, InlineData(1_000_000_000), InlineData(int.MaxValue)]
    public void Epochs_take_no_memory(int epochs)
    {
        using CancellationTokenSource interrupt = new();
        int steps = 0;
        string output = Run(["--epochs", $"{epochs}"], () =>
        {
            if (++steps == 20) interrupt.Cancel();
        }, interrupt.Token).Success();
        Assert.Contains($"Epoch [1/{epochs}]", output);
        Assert.Contains("Stopped by", output);
    }

    [Fact]
    public void What_fits_trains_to_the_same_bits_as_without_a_forecast()
    {
        Run("--width", "8").Success();
        string[] expected = CheckpointContent.Of(Folder["out"]);
        Directory.Delete(Folder["out"], recursive: true);

        // The default of the width is lower here, so that a forecast is made.
        Run(["--width", "8"], () => { }, default, ProgramOption.Integer("--width", "Width.", 1, 1)).Success();
        Assert.Equal(expected, CheckpointContent.Of(Folder["out"]));
    }

    [Fact]
    public void A_forecast_is_near_what_a_step_takes()
    {
        (double? forecast, long taken) = (null, 0);
        string[] args = ["--out", Folder["out"], "--width", "700", "--layers", "3", "--seen", "40", "--device", "cpu:1"];
        ProgramInfo info = new("limits", "A test.", Epochs: 1, Batch: 16) { Digits = 20 };
        CapturedConsole.Of(() => TrainingProgram.Run(args, info, run =>
        {
            if (!run.Device.IsMeasuring) forecast = MemoryForecast.Needed(run, Train, null, out _);
            Train(run, _width, () => taken = Math.Max(taken, run.Device.MemoryInUse + run.Device.MemoryKept));
        }, _width, _layers, _seen)).Success();
        Assert.InRange(forecast!.Value / taken, 0.7, 1.1);
    }

    /// <summary>What kernels take for themselves is no part of a forecast, and in models as small as these it is much.</summary>
    [Fact]
    public void Every_model_has_a_forecast_of_no_more_than_it_takes()
    {
        foreach (string name in TrainedPrograms.Models)
        {
            (double? forecast, long taken) = (null, 0);
            CapturedConsole.Of(() => TrainedPrograms.Run(
                name, ["--out", Folder[name], "--epochs", "1", "--device", "cpu:1"],
                run => forecast = MemoryForecast.Needed(run, TrainedPrograms.Training(name), null, out _),
                run => taken = Math.Max(taken, run.Device.MemoryInUse + run.Device.MemoryKept))).Success();
            Assert.True(forecast > 0 && forecast <= 1.1 * taken, $"{name}: forecast {forecast:N0} bytes, taken {taken:N0}");
        }
    }

    [Fact]
    public void Arguments_of_the_library_that_no_array_holds_are_refused()
    {
        RandomStream random = new(1);
        const int Large = 1_500_000_000;
        Assert.Throws<ArgumentOutOfRangeException>(() => ToyDensity.Of("moons").Sample(Large, random));
        Assert.Throws<ArgumentOutOfRangeException>(() => SeasonalSeries.Make(int.MaxValue, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TextWindows(new int[100], Large, 50));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SeriesWindows(new double[100], 10, 10, 1).Draw(0, Large, 1));
        Assert.Throws<DataException>(() => Digits.Draw(Large));
        Assert.Throws<ArgumentException>(() => Tensor.Normal([Large, 2], random, device: Cpu));
        if (HostMemory.Total < 4L * 12 * Large)
        {
            Storage[] held = new Storage[12];
            Assert.Throws<OutOfMemoryException>(() =>
            {
                for (int i = 0; i < held.Length; i++) held[i] = Cpu.Allocate(DType.Float32, Large);
            });
            foreach (Storage storage in held.OfType<Storage>()) storage.Release();
        }
    }

    [GeneratedRegex("at most about ([0-9]+),")]
    private static partial Regex FitsExpression();

    private (int Code, string Output, string Error) Run(params string[] args) => Run(args, () => { });

    private (int Code, string Output, string Error) Run(
        string[] args, Action stepped, CancellationToken interrupt = default, Option<int>? width = null)
    {
        ProgramInfo info = new("limits", "A test.", Epochs: 1, Batch: 16) { Digits = 100 };
        return CapturedConsole.Of(() => TrainingProgram.Run(
            ["--out", Folder["out"], "--device", "cpu:1", .. args], info, run => Train(run, width ?? _width, stepped), interrupt,
            width ?? _width, _layers, _seen));
    }

    private void Train(TrainingRun run) => Train(run, _width, () => { });

    private void Train(TrainingRun run, Option<int> width, Action stepped)
    {
        BatchLoader batches = run.Batches(run.LoadImages(28, 28, channels: 1));
        ModuleOptions options = new(run.Random, run.Device);
        List<Module> layers = [new Linear(784, run.Option(width), options), new Relu()];
        for (int i = 1; i < run.Option(_layers); i++)
            layers.AddRange(new Linear(run.Option(width), run.Option(width), options), new Relu());
        using Sequential model = new([.. layers, new Linear(run.Option(width), 10, options)]);
        using Adam adam = new(model.Parameters);
        Trainer trainer = run.Trainer(("model", model), ("adam", adam));
        foreach (int _ in trainer.Epochs())
        {
            foreach (Batch batch in trainer.Steps(batches))
            {
                using Tape tape = new(run.Device);
                Tensor x = Tensor.From(batch.Images, [batch.Count, 784]);
                Tensor all = x.Reshape(1, batch.Count, 784).BroadcastTo([run.Option(_seen), batch.Count, 784]).Reshape(-1, 784);
                Tensor loss = model.Forward(all).Square().Mean();
                adam.Step(tape.Gradients(loss, model.Parameters));
                trainer.Report(("loss", loss));
                if (!run.Device.IsMeasuring) stepped();
            }
        }
    }
}
