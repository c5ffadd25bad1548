namespace Engine.Tests.Faults;

/// <summary>Weights that are NaN or infinite: neither taken by a run nor written by one.</summary>
[Collection("console")]
public sealed class NonFiniteWeightsTests : IsolatedTests
{
    private string Out => Folder["out"];

    private string Checkpoint => Path.Combine(Out, "checkpoint.safetensors");

    [Theory]
    [InlineData("model.0.weight")]
    [InlineData("model.1.running_var")]
    [InlineData("average.0.weight")]
    public void A_checkpoint_with_them_is_refused_by_resume_and_by_from(string tensor)
    {
        Run(null, "--epochs", "1").Success();
        Spoil(Checkpoint, tensor, float.NaN);
        string sentence = $"test: {Checkpoint}: tensor '{tensor}': expected finite numbers, found NaN as element 1 of F32 ";
        string[][] commands = [["--resume", "--epochs", "2"], ["--from", Checkpoint], ["--from", Checkpoint, "--epochs", "0"]];
        foreach (string[] args in commands)
        {
            string error = Run(() => Assert.Fail("must not train"), args).Failure();
            Assert.StartsWith(sentence, error);
            Assert.DoesNotContain("from before that", error);
        }
    }

    [Fact]
    public void Weights_with_them_are_refused_by_from()
    {
        Run(null, "--epochs", "1").Success();
        string weights = Path.Combine(Out, "weights.safetensors");
        Spoil(weights, "2.bias", float.NegativeInfinity);
        Assert.StartsWith($"test: {weights}: tensor '2.bias': expected finite numbers, found minus infinity as element 1 of F32 [2].",
            Run(() => Assert.Fail("must not train"), "--from", weights).Failure());
    }

    [Fact]
    public void Running_statistics_that_are_not_finite_are_not_saved()
    {
        string error = Run(null, net => net.NamedBuffers().First(named => named.Name == "1.running_var").Buffer.Storage.AsSpan<float>()
            .Fill(float.PositiveInfinity), "--epochs", "1").Failure();
        Assert.StartsWith("test: model.1.running_var is infinite at epoch 1: a step before this made it so.", error);
        Assert.False(File.Exists(Checkpoint));
    }

    private static void Spoil(string path, string name, float value)
    {
        SafetensorsWriter writer = new();
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            foreach (SafetensorsEntry entry in file.Entries)
            {
                float[] values = file.Read<float>(entry.Name);
                if (entry.Name == name) values[1] = value;
                writer.Add<float>(entry.Name, values, new Shape([.. entry.Extents.Select(extent => (int)extent)]));
            }

            foreach ((string key, string text) in file.Metadata) writer.AddText(key, text);
        }

        writer.Save(path);
    }

    private (int Code, string Output, string Error) Run(Action? stepped, params string[] args) => Run(stepped, null, args);

    private (int Code, string Output, string Error) Run(Action? stepped, Action<Module>? ended, params string[] args)
    {
        ProgramInfo info = new("test", "A test.", 1, 8, Data: null) { TakesWeights = true };
        return CapturedConsole.Of(() => TrainingProgram.Run([.. args, "--out", Out, "--device", "cpu:1"], info, run =>
        {
            ModuleOptions options = new(run.Random, run.Device);
            using Sequential net = new(new Linear(3, 4, options), new BatchNorm(4, options), new Linear(4, 2, options));
            run.LoadWeights(net);
            if (run.Epochs == 0) stepped?.Invoke();
            using Adam adam = new(net.Parameters);
            using ExponentialMovingAverage average = new(net);
            Trainer trainer = run.Trainer(("model", net), ("adam", adam), ("average", average));
            foreach (int epoch in trainer.Epochs())
            {
                foreach (int _ in trainer.Steps(2, run.Batch))
                {
                    stepped?.Invoke();
                    using Tape tape = new(run.Device);
                    Tensor loss = net.Forward(Tensor.Normal([run.Batch, 3], run.Random)).Square().Mean();
                    adam.Step(tape.Gradients(loss, net.Parameters));
                    average.Update();
                    trainer.Report(("loss", loss.Item()));
                }

                ended?.Invoke(net);
            }

            run.SaveWeights(net);
        }));
    }
}
