namespace Engine.Tests.Training;

[Collection("console")]
public sealed class NonFiniteRunTests : IsolatedTests
{
    private const int StepsPerEpoch = 5;

    [Fact]
    public void A_loss_that_becomes_NaN_stops_with_its_origin_and_the_last_checkpoint_is_intact()
    {
        (int code, string output, string error) = Run((x, step) => (x.Sigmoid() - (step < 12 ? 0 : 1)).Log().Mean());
        Assert.Equal(1, code);
        Assert.Contains("Epoch [2/4]", output);
        Assert.DoesNotContain("Epoch [3/4]", output);
        Assert.Matches(
            @"^nan: the loss of net is NaN at step 3 of epoch 3: the first value that is not finite came out of Log " +
            @"behind layer net\.1, whose inputs lie between -0\.\d+ and -0\.\d+\.\r?\n" +
            @"The last checkpoint is from before that: .*checkpoint\.safetensors \(epoch 3, 2 steps\)\.\r?\n$",
            error);

        string report = File.ReadAllText(Folder["report.html"]);
        Assert.Contains("<p class=\"bad\">Stopped after 2 of 4 epochs: the loss of net is NaN at step 3", report);
        using (SafetensorsFile file = SafetensorsFile.Open(Folder["checkpoint.safetensors"]))
            Assert.All(file.Entries, entry => Assert.All(file.Read<double>(entry.Name), x => Assert.True(double.IsFinite(x))));

        // From there it goes to the same place, or with what was wrong mended to the end.
        Assert.Equal(error, Run((x, step) => (x.Sigmoid() - (step < 12 ? 0 : 1)).Log().Mean(), "--resume").Error);
        Assert.Equal((0, ""), (Run((x, step) => x.Sigmoid().Log().Mean(), "--resume").Code, ""));
    }

    [Fact]
    public void A_gradient_that_becomes_infinite_stops_before_the_parameters_are_changed()
    {
        string error = Run((x, step) => (step < 12 ? x : x * 0).Square().Sqrt().Mean()).Failure();
        Assert.Matches("^nan: a gradient of the loss of net is (NaN|infinite) at step 3 of epoch 3: .* the derivative of Sqrt behind "
            + "layer net.1, ", error);
    }

    [Fact]
    public void A_reported_number_that_is_not_finite_stops_too()
    {
        string error = Run((x, _) => x.Square().Mean(), report: (loss, step) => step < 7 ? loss : double.PositiveInfinity).Failure();
        Assert.StartsWith("nan: loss is infinite at step 3 of epoch 2: what gradients were taken of was finite until then.", error);
    }

    [Fact]
    public void Parameters_that_are_not_finite_are_not_saved()
    {
        string error = Run((x, _) => x.Square().Mean(), spoil: (net, step) =>
        {
            if (step == 9) net.Parameters[2].Set([.. Enumerable.Repeat(float.NaN, net.Parameters[2].Count)]);
        }).Failure();
        Assert.StartsWith("nan: net.1.weight is NaN at epoch 2: a step before this made it so.", error);
        Assert.Contains("(epoch 2, 4 steps)", error);
    }

    private (int Code, string Output, string Error) Run(Func<Tensor, long, Tensor> lossOf, params string[] args) =>
        Run(lossOf, null, null, args);

    private (int Code, string Output, string Error) Run(
        Func<Tensor, long, Tensor> lossOf, Func<double, long, double>? report = null, Action<Module, long>? spoil = null,
        params string[] args)
    {
        ProgramInfo info = new("nan", "A test.", Epochs: 4, Batch: 8, Data: null);
        return CapturedConsole.Of(
            () => TrainingProgram.Run(["--out", Folder.Path, "--device", "cpu:1", "--checkpoint-minutes", "0", .. args], info, run =>
        {
            ModuleOptions options = new(run.Random, run.Device);
            using Sequential net = new(new Linear(3, 5, options), new Linear(5, 2, options));
            using Adam adam = new(net.Parameters);
            Trainer trainer = run.Trainer(("net", net), ("adam", adam));
            foreach (int epoch in trainer.Epochs())
            {
                foreach (int _ in trainer.Steps(StepsPerEpoch, run.Batch))
                {
                    using Tape tape = new(run.Device);
                    Tensor loss = lossOf(net.Forward(Tensor.Normal([run.Batch, 3], run.Random)), trainer.Step);
                    adam.Step(tape.Gradients(loss, net.Parameters));
                    spoil?.Invoke(net, trainer.Step);
                    trainer.Report(("loss", report is null ? loss.Item() : report(loss.Item(), trainer.Step)));
                }
            }
        }));
    }
}
