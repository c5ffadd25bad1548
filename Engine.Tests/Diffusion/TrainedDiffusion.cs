using Engine.Models.Diffusion;

namespace Engine.Tests.Diffusion;

/// <summary>A small diffusion model in training, with dropout and an average of its weights.</summary>
internal sealed class TrainedDiffusion : TrainedModel
{
    private readonly Unet _unet;
    private readonly Adam _adam;
    private readonly ExponentialMovingAverage _average;
    private readonly DenoisingDiffusion _model;
    private readonly RandomStream _random;

    public TrainedDiffusion(TrainingRun run)
    {
        ModuleOptions options = new(run.Random, run.Device);
        _random = run.Random;
        UnetOptions size = new() {
            Width = 2, Multipliers = [1, 2], Groups = 1, TimeFeatures = 4, TimeWidth = 4, Classes = 10, LearnsVariance = true,
            Dropout = 0.1 };
        _unet = Part("unet", new Unet(size, options with { Random = run.Random.Split("unet") }));
        _adam = Part("adam", new Adam(_unet.Parameters));
        _average = Part("average", new ExponentialMovingAverage(_unet, 0.9));
        _model = new DenoisingDiffusion(_unet, NoiseSchedule.Cosine(20), Prediction.Velocity, ReverseVariance.Learned);
    }

    public override Reading Step(Batch batch)
    {
        using Tape tape = new(_unet.Device);
        DiffusionLosses losses = _model.Losses(Tensor.From(batch.Images, [batch.Count, 28, 28, 1]), batch.Labels, _random, dropLabels: 0.1);
        _adam.Step(tape.Gradients(losses.Loss, _unet.Parameters));
        _average.Update();
        return losses.Loss;
    }

    public override float[] Sample(CancellationToken stop)
    {
        using IDisposable _ = _average.Use();
        return new DdimSampler(_model, 2).Sample([1, 28, 28, 1], new RandomStream(1), [3], cancellation: stop);
    }
}
