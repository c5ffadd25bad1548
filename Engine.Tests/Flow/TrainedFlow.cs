using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Data;
using Engine.Models.Flow;
using Engine.Models.Training;
using Engine.Tests.Training;

namespace Engine.Tests.Flow;

/// <summary>A small Glow with learned noise in training, to be stopped, killed and resumed: <see cref="TrainedPrograms"/>.</summary>
internal sealed class TrainedFlow : IStateful, IDisposable
{
    private const int Side = 28;
    private readonly ImageFlow _flow;
    private readonly Adam _adam;
    private readonly TrainingRun _run;

    public TrainedFlow(TrainingRun run)
    {
        _run = run;
        _flow = ImageFlows.Glow(Side, 1, 4, variational: true, new ModuleOptions(run.Random, run.Device));
        _adam = new Adam(_flow.Parameters);
    }

    public Reading Step(Batch batch)
    {
        using Tape tape = new(_run.Device);
        Tensor loss = _flow.Loss((Tensor.From(batch.Images, [batch.Count, Side, Side, 1]) + 1) * 127.5, _run.Random);
        _adam.Step(tape.Gradients(loss, _flow.Parameters));
        return loss;
    }

    public float[] Sample()
    {
        using Tape tape = new(_run.Device, record: false);
        return _flow.Flow.Sample(1, _run.Random.Split("samples")).ToArray();
    }

    public void VisitState(StateVisitor visitor)
    {
        visitor.Part("flow", _flow);
        visitor.Part("adam", _adam);
    }

    public void Dispose()
    {
        _adam.Dispose();
        _flow.Dispose();
    }
}

/// <summary>Spline couplings of the plane in training, with data from the run's own random stream.</summary>
internal sealed class TrainedPlane : IStateful, IDisposable
{
    private readonly NormalizingFlow _flow;
    private readonly Adam _adam;
    private readonly TrainingRun _run;

    public TrainedPlane(TrainingRun run)
    {
        _run = run;
        ModuleOptions options = new(run.Random, run.Device);
        Module[] networks = [.. Enumerable.Range(0, 2).Select(_ => ImageFlows.Dense(1, 8, 1, 11, options))];
        _flow = new NormalizingFlow(
            new CouplingChain(networks, new SplineBijector(new(4, 5)), Partition.Halves), BaseDistribution.Gaussian, [2]);
        _adam = new Adam(_flow.Parameters);
    }

    public Reading Step()
    {
        float[] points = ToyDensity.Of("pinwheel").Sample(32, _run.Random);
        using Tape tape = new(_run.Device);
        Tensor loss = -_flow.LogDensity(Tensor.From(points, [32, 2])).Mean();
        _adam.Step(tape.Gradients(loss, _flow.Parameters));
        return loss;
    }

    public float[] Sample() => [.. new PlaneDensity(_flow).Sample(Pixels / 2, _run.Random.Split("samples"))];

    public void VisitState(StateVisitor visitor)
    {
        visitor.Part("flow", _flow);
        visitor.Part("adam", _adam);
    }

    public void Dispose()
    {
        _adam.Dispose();
        _flow.Dispose();
    }

    private const int Pixels = 28 * 28;
}
