namespace Engine.Tests.Autoregressive;

/// <summary>A small gated PixelCNN in training, with dropout and an average of its weights.</summary>
internal sealed class TrainedPixelCnn : TrainedModel
{
    private const int Side = 28;
    private readonly GatedPixelCnn _model;
    private readonly Adam _adam;
    private readonly ExponentialMovingAverage _average;

    public TrainedPixelCnn(TrainingRun run)
    {
        PixelCnnSizes sizes = new() { Features = 2, Layers = 2, FirstKernel = 3, Head = 4, Dropout = 0.2, Classes = 10 };
        _model = Part("model", new GatedPixelCnn(sizes, new ModuleOptions(run.Random, run.Device)));
        _adam = Part("adam", new Adam(_model.Parameters));
        _average = Part("average", new ExponentialMovingAverage(_model));
    }

    public override Reading Step(Batch batch)
    {
        using Tape tape = new(_model.Parameters[0].Device);
        Tensor x = Tensor.From([.. batch.Images.ToArray().Select(pixel => pixel > 0 ? 1f : 0)], [batch.Count, Side, Side, 1]);
        Tensor nats = -_model.LogLikelihood(x, Tensor.From(batch.Labels, [batch.Count])).Mean();
        _adam.Step(tape.Gradients(nats, _model.Parameters));
        _average.Update();
        return nats;
    }

    /// <summary>The parameters of the first layer in place of an image: drawing one takes longer than all the training.</summary>
    public override float[] Sample(CancellationToken stop)
    {
        float[] image = new float[Side * Side];
        using (_average.Use()) _model.Parameters[0].ToArray().CopyTo(image, 0);
        return image;
    }
}

/// <summary>A small density of binary images in training.</summary>
internal sealed class TrainedPixelModel<TModel> : TrainedModel where TModel : Module, IPixelModel
{
    private readonly PixelModelTraining<TModel> _training;
    private readonly Action<TModel, long> _before;
    private readonly int _pixels;
    private long _steps;

    public TrainedPixelModel(TModel model, int pixels, Action<TModel, long> before)
    {
        _pixels = pixels;
        _training = Part("training", new PixelModelTraining<TModel>(model, 24));
        _before = before;
    }

    /// <summary>One step on what the model's size takes of each image, on where it is light.</summary>
    public override Reading Step(Batch batch)
    {
        int pixels = _pixels, length = batch.Images.Length / batch.Count;
        float[] images = new float[batch.Count * pixels];
        for (int i = 0; i < images.Length; i++) images[i] = batch.Images[(i / pixels * length) + (length / 3) + (i % pixels)] > 0 ? 1 : 0;
        _before(_training.Model, _steps++);
        return _training.Step(images, [batch.Count, pixels]);
    }

    public override float[] Sample(CancellationToken stop)
    {
        float[] drawn = _training.Model.Sample([1, _pixels], new RandomStream(1), cancellation: stop);
        return [.. Enumerable.Range(0, 28 * 28).Select(i => drawn[i % drawn.Length])];
    }

    public override void VisitState(StateVisitor visitor)
    {
        base.VisitState(visitor);
        _steps = visitor.Number("steps", _steps, 0, StateVisitor.MostCount);
    }

    public override void Dispose()
    {
        base.Dispose();
        _training.Model.Dispose();
    }
}
