using Engine.Models.Variational.Quantized;

namespace Engine.Tests.Variational;

/// <summary>A small VQ-VAE in training, and after half of the steps its prior.</summary>
internal sealed class TrainedVqVae : TrainedModel
{
    private const int Side = 28, Grid = Side / VqVaeNetworks.Stride;
    private readonly VqVae _vae;
    private readonly CodePrior _prior;
    private readonly Adam _adam, _ofPrior;
    private readonly ExponentialMovingAverage _average;

    public TrainedVqVae(TrainingRun run)
    {
        ModuleOptions options = new(run.Random, run.Device);
        _vae = Part("vae", new VqVae(
            VqVaeNetworks.Encoder(1, 2, 1, 2, options),
            new VectorQuantizer(new VectorQuantizerOptions { Codes = 6, Depth = 2 }, options), VqVaeNetworks.Decoder(1, 2, 1, 2, options)));
        _prior = Part("prior", new CodePrior(6, (Grid, Grid), 2, 1, options));
        _adam = Part("adam", new Adam(_vae.Parameters));
        _ofPrior = Part("prior_adam", new Adam(_prior.Parameters));
        _average = Part("prior_average", new ExponentialMovingAverage(_prior));
    }

    public override Reading Step(Batch batch)
    {
        using Tape tape = new(_vae.Parameters[0].Device);
        Tensor x = (Tensor.From(batch.Images, [batch.Count, Side, Side, 1]) + 1) * 0.5;
        if (_adam.Steps < TrainedPrograms.Epochs * TrainedPrograms.StepsPerEpoch / 2)
        {
            VqVaeLosses losses = _vae.Losses(x);
            _adam.Step(tape.Gradients(losses.Loss, _vae.Parameters));
            return losses.Loss;
        }

        Tensor nats = -_prior.LogLikelihood(_vae.Encode(x)).Mean();
        _ofPrior.Step(tape.Gradients(nats, _prior.Parameters));
        _average.Update();
        return nats;
    }

    public override float[] Sample(CancellationToken stop)
    {
        using IDisposable averaged = _average.Use();
        return _vae.Decode(_prior.Sample(1, new RandomStream(4), stop), [1, Grid, Grid], cancellation: stop);
    }
}
