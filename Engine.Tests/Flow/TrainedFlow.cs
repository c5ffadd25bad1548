using Engine.Models.Flow;

namespace Engine.Tests.Flow;

/// <summary>A small Glow with learned noise in training.</summary>
internal sealed class TrainedFlow : TrainedModel
{
    private const int Side = 28;
    private readonly ImageFlow _flow;
    private readonly Adam _adam;
    private readonly TrainingRun _run;

    public TrainedFlow(TrainingRun run)
    {
        _run = run;
        _flow = Part("flow", ImageFlows.Glow(Side, 1, 4, variational: true, new ModuleOptions(run.Random, run.Device)));
        _adam = Part("adam", new Adam(_flow.Parameters));
    }

    public override Reading Step(Batch batch)
    {
        using Tape tape = new(_run.Device);
        Tensor loss = _flow.Loss((Tensor.From(batch.Images, [batch.Count, Side, Side, 1]) + 1) * 127.5, _run.Random);
        _adam.Step(tape.Gradients(loss, _flow.Parameters));
        return loss;
    }

    public override float[] Sample(CancellationToken stop)
    {
        using Tape tape = new(_run.Device, record: false);
        return _flow.Decode(Tensor.Normal([2, Side * Side], _run.Random.Split("samples")), 1, stop);
    }
}

/// <summary>Spline couplings of the plane in training, with data from the run's own random stream.</summary>
internal sealed class TrainedPlane : TrainedModel
{
    private readonly NormalizingFlow _flow;
    private readonly Adam _adam;
    private readonly TrainingRun _run;

    public TrainedPlane(TrainingRun run)
    {
        _run = run;
        ModuleOptions options = new(run.Random, run.Device);
        Module[] networks = [.. Enumerable.Range(0, 2).Select(_ => ImageFlows.Dense(1, 8, 1, 11, options))];
        _flow = Part("flow", new NormalizingFlow(
            new CouplingChain(networks, new SplineBijector(new(4, 5)), Partition.Halves), BaseDistribution.Gaussian, [2]));
        _adam = Part("adam", new Adam(_flow.Parameters));
    }

    public override Reading Step(Batch batch)
    {
        float[] points = ToyDensity.Of("pinwheel").Sample(32, _run.Random);
        using Tape tape = new(_run.Device);
        Tensor loss = -_flow.LogDensity(Tensor.From(points, [32, 2])).Mean();
        _adam.Step(tape.Gradients(loss, _flow.Parameters));
        return loss;
    }

    public override float[] Sample(CancellationToken stop) =>
        new PlaneDensity(_flow).Sample(28 * 28 / 2, _run.Random.Split("samples"), stop);
}
