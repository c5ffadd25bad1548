using System.Diagnostics;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Comparison;

/// <summary>
/// A generative model that learns images beside others, in the same steps, and is measured with the same measures.
/// </summary>
public abstract class Contestant : IStateful, IDisposable
{
    private double _seconds;
    private long _images;

    /// <summary>Creates the base.</summary>
    /// <param name="size">The size of an image.</param>
    private protected Contestant(ImageSize size) => Size = size;

    /// <summary>The size of an image.</summary>
    public ImageSize Size { get; }

    /// <summary>Which family it stands for, such as <c>VAE</c>.</summary>
    public abstract string Family { get; }

    /// <summary>What kind of value <see cref="BitsPerDimension"/> is: <c>exact</c>, <c>bound</c> or <c>none</c>.</summary>
    public abstract string LikelihoodKind { get; }

    /// <summary>The number of parameters.</summary>
    public abstract long ParameterCount { get; }

    /// <summary>Images that were trained on for each second of training.</summary>
    public double ImagesPerSecond => _seconds > 0 ? _images / _seconds : 0;

    /// <summary>The device that it computes on.</summary>
    protected abstract Device Device { get; }

    /// <summary>One training step, whose time is added up.</summary>
    /// <param name="images">[count, height, width, channels] in [0, 1], in steps of 1/255.</param>
    /// <param name="count">Images.</param>
    /// <returns>The loss of the batch.</returns>
    public double Step(ReadOnlySpan<float> images, int count)
    {
        long start = Stopwatch.GetTimestamp();

        // Reading the loss waits for the device: a step's time ends when it is done.
        double loss = Train(images, Size.Of(count));
        _seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
        _images += count;
        return loss;
    }

    /// <summary>Images that are drawn: [count, height, width, channels] in [-1, 1].</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of randomness.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public abstract float[] Sample(int count, RandomStream random, CancellationToken cancellation = default);

    /// <summary>-log2 p(x) for each value, averaged over images of 256 grey levels; null for a model that has none.</summary>
    /// <param name="test">Images.</param>
    /// <param name="random">The source of randomness.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public virtual double? BitsPerDimension(ImageDataset test, RandomStream random, CancellationToken cancellation = default) => null;

    /// <summary>Signs of a failure that only this family has, in words.</summary>
    /// <param name="test">Images that training never saw.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public virtual IEnumerable<string> Signs(ImageDataset test, CancellationToken cancellation = default) => [];

    /// <summary>Shows what is trained.</summary>
    /// <param name="visitor">What reads it or sets it.</param>
    public virtual void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        _seconds = visitor.Number("seconds", _seconds, 0, ProgressState.MostSeconds);
        _images = visitor.Number("images", _images, 0, StateVisitor.MostCount);
    }

    /// <summary>Releases the model and its optimiser.</summary>
    public abstract void Dispose();

    /// <summary>One training step.</summary>
    /// <param name="images">In [0, 1], in steps of 1/255.</param>
    /// <param name="shape">[count, height, width, channels].</param>
    /// <returns>The loss of the batch.</returns>
    protected abstract double Train(ReadOnlySpan<float> images, Shape shape);
}
