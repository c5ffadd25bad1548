using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Models.Variational;
using Engine.Tests.Training;

namespace Engine.Tests.Variational;

/// <summary>A small VAE in training, to be stopped, killed and resumed: <see cref="TrainedPrograms"/>.</summary>
internal sealed class TrainedVae : IStateful, IDisposable
{
    private const int Pixels = 28 * 28, Latent = 4;
    private static readonly VaeObjective s_objective = new() { Samples = 2, ImportanceWeighted = true };
    private readonly Vae _vae;
    private readonly Adam _adam;
    private readonly RandomStream _random;
    private readonly float[] _noise;

    public TrainedVae(TrainingRun run)
    {
        ModuleOptions options = new(run.Random, run.Device);
        _random = run.Random;
        _vae = new Vae(
            new GaussianEncoder(new Sequential(new Linear(Pixels, 16, options), new Tanh()), 16, Latent, options),
            new Sequential(new Linear(Latent, 16, options), new Tanh(), new Linear(16, Pixels, options)));
        _adam = new Adam(_vae.Parameters);
        using Tensor noise = Tensor.Normal([4 * Latent], run.Random, device: run.Device);
        _noise = noise.ToArray();
    }

    public Reading Step(Batch batch)
    {
        using Tape tape = new(_vae.Parameters[0].Device);
        VaeLosses losses = _vae.Losses((Tensor.From(batch.Images, [batch.Count, Pixels]) + 1) * 0.5, s_objective, _random);
        _adam.Step(tape.Gradients(losses.Loss, _vae.Parameters));
        return losses.Loss;
    }

    public float[] Sample() => _vae.Decode(_noise);

    public void VisitState(StateVisitor visitor)
    {
        visitor.Part("vae", _vae);
        visitor.Part("adam", _adam);
    }

    public void Dispose()
    {
        _adam.Dispose();
        _vae.Dispose();
    }
}
