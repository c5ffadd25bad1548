using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Tests.Training;

namespace Engine.Tests.Autoregressive;

/// <summary>A small density of binary images in training, to be stopped, killed and resumed: <see cref="TrainedPrograms"/>.</summary>
internal sealed class TrainedPixelModel<TModel> : IStateful, IDisposable where TModel : Module, IPixelModel
{
    private readonly PixelModelTraining<TModel> _training;
    private readonly Action<TModel, long> _before;
    private readonly int _pixels;
    private long _steps;

    public TrainedPixelModel(TModel model, int pixels, Action<TModel, long> before)
    {
        _pixels = pixels;
        _training = new PixelModelTraining<TModel>(model, 24);
        _before = before;
    }

    /// <summary>One step on what the model's size takes of each image, on where it is light.</summary>
    public Reading Step(Batch batch)
    {
        int pixels = _pixels, length = batch.Images.Length / batch.Count;
        float[] images = new float[batch.Count * pixels];
        for (int i = 0; i < images.Length; i++) images[i] = batch.Images[(i / pixels * length) + (length / 3) + (i % pixels)] > 0 ? 1 : 0;
        _before(_training.Model, _steps++);
        return _training.Step(images, [batch.Count, pixels]);
    }

    public float[] Sample()
    {
        float[] drawn = _training.Model.Sample([1, _pixels], new RandomStream(1));
        return [.. Enumerable.Range(0, 28 * 28).Select(i => drawn[i % drawn.Length])];
    }

    public void VisitState(StateVisitor visitor)
    {
        visitor.Part("training", _training);
        _steps = visitor.Number("steps", _steps);
    }

    public void Dispose()
    {
        _training.Dispose();
        _training.Model.Dispose();
    }
}
