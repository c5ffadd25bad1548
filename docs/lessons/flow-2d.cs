#:project ../../Engine.Models
#:property PublishAot=false

// A flow learns a density of the plane: dotnet run docs/lessons/flow-2d.cs -- [--density 8gaussians|checkerboard|...] [--model
// couplings|maf|iaf] [--help]. See flow-2d.md.
using System.CommandLine;
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels.Flows;
using Engine.Models.Files;
using Engine.Models.Flow;
using Engine.Models.Training;

Option<string> density = ProgramOption.Choice("--density", "The density to learn.", [.. ToyDensity.Names]);
Option<string> model = ProgramOption.Choice(
    "--model", "Couplings, or networks that are masked: autoregressive from data to latents, or from latents to data.",
    [.. PlaneFlows.Names]);
Option<string> bijector =
    ProgramOption.Choice("--bijector", "How a layer transforms a coordinate: a spline, or an affine map.", "spline", "affine");
Option<int> bins = ProgramOption.Integer("--bins", "Bins of a spline.", 24, 1, 256);
Option<int> couplings = ProgramOption.Integer("--couplings", "Layers.", 4, 1, 100);
Option<int> hidden = ProgramOption.Integer("--hidden", "Width of the networks' two hidden layers.", 64, 1, 4096);
Option<int> steps = ProgramOption.Integer("--steps", "Steps in a round.", 100, 1);
Option<int> testPoints = ProgramOption.Integer("--test-points", "Points to measure on.", 50_000, 1, 10_000_000);
Option<int> grid = ProgramOption.Integer("--grid", "Squares along each side of the grid that the density is integrated on.", 400, 1, 4000);

ProgramInfo info = new("flow-2d", "A normalizing flow learns a density of the plane, exactly: its likelihood beside the best there is.",
    Epochs: 60, Batch: 512, Data: null)
{
    EpochsHelp = "Rounds.",
    BatchHelp = "Points in a batch.",
    FreeOptions = ["--grid", "--test-points"],
};
return TrainingProgram.Run(args, info, Train, density, model, bijector, bins, couplings, hidden, steps, testPoints, grid);

void Train(TrainingRun run)
{
    // f: each layer changes one of the two coordinates by what a network says of the other one; if it is autoregressive, that one too, by
    // what the network knows without seeing anything.
    ModuleOptions options = new(run.Random, run.Device);
    SplineShape? spline = run.Option(bijector) == "affine" ? null
        : new SplineShape(run.Option(bins), Bound: 5) { MinimumWidth = 1e-4, MinimumHeight = 1e-4 };
    Bijector change = spline is { } shape ? new SplineBijector(shape) : new AffineBijector(2);
    using NormalizingFlow flow = PlaneFlows.Make(run.Option(model)!, run.Option(couplings), run.Option(hidden), change, options);
    using Adam adam = new(flow.Parameters);

    ToyDensity target = ToyDensity.Of(run.Option(density)!);
    float[] test = target.Sample(run.Option(testPoints), run.Random.Split("test"));
    PlaneDensity plane = new(flow) { Panel = Math.Min(256, run.Option(grid)) };
    LearningRateSchedule rate = LearningRateSchedules.Cosine(2e-3, run.AllSteps(run.Option(steps)));

    Trainer trainer = run.Trainer(("flow", flow), ("adam", adam));
    foreach (int round in trainer.Epochs(reportEvery: 10))
    {
        foreach (int _ in trainer.Steps(run.Option(steps), run.Batch))
        {
            // log p(x) = log p(f(x)) + log |det df/dx|: maximum likelihood, with no bound and no sampling.
            float[] points = target.Sample(run.Batch, run.Random);
            using Tape tape = new(run.Device);
            Tensor loss = -flow.LogDensity(Tensor.From(points, [run.Batch, 2])).Mean();
            adam.LearningRate = rate(trainer.Step);
            adam.Step(tape.Gradients(loss, flow.Parameters));
            trainer.Report(("nll", loss));
        }

        // After rounds 1, 2, 4, 8, ... and the last: data, density, samples.
        if ((round & (round - 1)) != 0 && round != run.Epochs) continue;
        float[] samples = plane.Sample(run.Option(testPoints), run.Random.Split(round), run.Stopping);
        run.Output.Save($"density-{round:000}.png", plane.Draw(test, samples, run.Stopping), "Data, the density of the model, its samples");
    }

    if (run.IsStopping) return;
    run.SaveWeights(flow, PlaneFlowFile.Describe(run.Option(model)!, run.Option(couplings), run.Option(hidden), spline));
    Record("test NLL", -plane.LogDensity(test, run.Stopping).Average());
    if (target.Entropy is { } entropy) Record("entropy of the data, the best there is", entropy);
    Record("integral of the density", plane.Integral(extent: 8, run.Option(grid), run.Stopping));

    void Record(string name, double value)
    {
        trainer.Record(name, value);
        run.Print(FormattableString.Invariant($"{name}: {value:0.0000} ({target.Name})"));
    }
}
