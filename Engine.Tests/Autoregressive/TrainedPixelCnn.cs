using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Tests.Training;

namespace Engine.Tests.Autoregressive;

/// <summary>
/// A small gated PixelCNN in training, with dropout and an average of its weights, to be stopped, killed and resumed:
/// <see cref="TrainedPrograms"/>.
/// </summary>
internal sealed class TrainedPixelCnn : IStateful, IDisposable
{
    private const int Side = 28;
    private readonly GatedPixelCnn _model;
    private readonly Adam _adam;
    private readonly ExponentialMovingAverage _average;

    public TrainedPixelCnn(TrainingRun run)
    {
        PixelCnnSizes sizes = new() { Features = 2, Layers = 2, FirstKernel = 3, Head = 4, Dropout = 0.2, Classes = 10 };
        _model = new GatedPixelCnn(sizes, new ModuleOptions(run.Random, run.Device));
        _adam = new Adam(_model.Parameters);
        _average = new ExponentialMovingAverage(_model);
    }

    public Reading Step(Batch batch)
    {
        using Tape tape = new(_model.Parameters[0].Device);
        Tensor x = Tensor.From([.. batch.Images.ToArray().Select(pixel => pixel > 0 ? 1f : 0)], [batch.Count, Side, Side, 1]);
        Tensor nats = -_model.LogLikelihood(x, Tensor.From(batch.Labels, [batch.Count])).Mean();
        _adam.Step(tape.Gradients(nats, _model.Parameters));
        _average.Update();
        return nats;
    }

    /// <summary>The parameters of the first layer stand for an image: drawing one takes longer than all the training.</summary>
    public float[] Sample()
    {
        float[] image = new float[Side * Side];
        using (_average.Use()) _model.Parameters[0].ToArray().CopyTo(image, 0);
        return image;
    }

    public void VisitState(StateVisitor visitor)
    {
        visitor.Part("model", _model);
        visitor.Part("adam", _adam);
        visitor.Part("average", _average);
    }

    public void Dispose()
    {
        _average.Dispose();
        _adam.Dispose();
        _model.Dispose();
    }
}
