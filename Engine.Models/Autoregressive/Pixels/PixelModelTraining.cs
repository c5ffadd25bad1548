using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// Trains a density of binary images: Adam on -log p(x) with a cosine learning rate and clipped gradients, and an average of the weights
/// that evaluates better than the weights.
/// </summary>
/// <typeparam name="TModel">The model.</typeparam>
public sealed class PixelModelTraining<TModel> : IStateful, IDisposable where TModel : Module, IPixelModel
{
    private readonly Adam _adam;
    private readonly ExponentialMovingAverage _average;
    private readonly LearningRateSchedule _rate;
    private readonly double _largestNorm;

    /// <summary>Prepares training.</summary>
    /// <param name="model">The model; it is not disposed of.</param>
    /// <param name="steps">The steps of the whole training, over which the learning rate falls.</param>
    /// <param name="rate">The learning rate to begin with; it ends at a fiftieth.</param>
    /// <param name="average">The share of the average of the weights that stays at each step, in [0, 1).</param>
    /// <param name="largestNorm">What the norm of the gradient is clipped to.</param>
    public PixelModelTraining(TModel model, long steps, double rate = 1e-3, double average = 0.999, double largestNorm = 100)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        _adam = new Adam(model.Parameters, rate);
        _average = new ExponentialMovingAverage(model, average, warmUp: true);
        _rate = LearningRateSchedules.Cosine(rate, steps, rate / 50);
        _largestNorm = largestNorm;
    }

    /// <summary>The model.</summary>
    public TModel Model { get; }

    /// <summary>One step.</summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="shape">Their shape, [images, height, width, 1].</param>
    /// <param name="labels">The class of each image, for a class-conditional model; else empty.</param>
    /// <returns>The mean of -log p(x) over them, in nats.</returns>
    public Reading Step(ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels = default)
    {
        _average.Begin();
        using Tape tape = new(Model.Parameters[0].Device);
        Tensor x = Tensor.From(images, shape).Cast(Model.Parameters[0].DType);
        Tensor nats = -Model.LogLikelihood(x, labels.IsEmpty ? null : Tensor.From(labels, [labels.Length])).Mean();
        Tensor[] gradients = tape.Gradients(nats, Model.Parameters);
        GradientClipping.ByNorm(gradients, _largestNorm);
        _adam.LearningRate = _rate(_adam.Steps);
        _adam.Step(gradients);
        _average.Update();
        return nats;
    }

    /// <summary>The mean of -log p(x) over images, in nats, with the average of the weights.</summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="shape">Their shape, [images, height, width, 1].</param>
    /// <param name="labels">The class of each image, for a class-conditional model; else empty.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double Nats(
        ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels = default, CancellationToken cancellation = default)
    {
        using IDisposable averaged = _average.Use();
        return -Model.LogLikelihood(images, shape, labels, cancellation: cancellation).Average();
    }

    /// <summary>Puts the average in place of the weights until the result is disposed.</summary>
    public IDisposable UseAverage() => _average.Use();

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("model", Model);
        visitor.Part("adam", _adam);
        visitor.Part("average", _average);
    }

    /// <summary>Releases the state of the optimizer and the average.</summary>
    public void Dispose()
    {
        _adam.Dispose();
        _average.Dispose();
    }
}
