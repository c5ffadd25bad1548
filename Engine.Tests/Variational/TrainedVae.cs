namespace Engine.Tests.Variational;

/// <summary>A small VAE in training.</summary>
internal sealed class TrainedVae : TrainedModel
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
        _vae = Part("vae", new Vae(
            new GaussianEncoder(new Sequential(new Linear(Pixels, 16, options), new Tanh()), 16, Latent, options),
            new Sequential(new Linear(Latent, 16, options), new Tanh(), new Linear(16, Pixels, options))));
        _adam = Part("adam", new Adam(_vae.Parameters));
        using Tensor noise = Tensor.Normal([4 * Latent], run.Random, device: run.Device);
        _noise = noise.ToArray();
    }

    public override Reading Step(Batch batch)
    {
        using Tape tape = new(_vae.Parameters[0].Device);
        VaeLosses losses = _vae.Losses((Tensor.From(batch.Images, [batch.Count, Pixels]) + 1) * 0.5, s_objective, _random);
        _adam.Step(tape.Gradients(losses.Loss, _vae.Parameters));
        return losses.Loss;
    }

    public override float[] Sample(CancellationToken stop) => _vae.Decode(_noise, cancellation: stop);
}
