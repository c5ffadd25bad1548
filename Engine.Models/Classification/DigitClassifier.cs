using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.Losses;
using Engine.Kernels.Rows;
using Engine.Models.Data;

namespace Engine.Models.Classification;

/// <summary>
/// A small convolutional network that classifies images, unless asked otherwise grey ones of 28 x 28 into ten classes, for judging
/// generated ones: two convolutions
/// of 3 x 3, each with a maximum over 2 x 2 after it, and two fully connected layers.
/// </summary>
public sealed class DigitClassifier : IStateful, IDisposable
{
    /// <summary>The number of classes.</summary>
    public const int Classes = 10;

    /// <summary>Rows and columns of an image.</summary>
    public const int Side = 28;

    /// <summary>The elements of a vector of <see cref="Features"/>.</summary>
    public const int FeatureCount = 128;

    /// <summary>The size of an image.</summary>
    public ImageSize Size { get; }

    /// <summary>The number of classes.</summary>
    public int ClassCount { get; }

    private const int EvaluationBatch = 250, TrainingBatch = 128;
    private readonly Device _device;
    private readonly Sequential _network;
    private readonly Adam _optimizer;

    /// <summary>Creates an untrained classifier.</summary>
    /// <param name="options">Device, and the source of the initial values and of the masks of dropout.</param>
    /// <param name="size">The size of an image; null for 28 x 28 x 1.</param>
    /// <param name="classes">The number of classes; at least 2.</param>
    /// <exception cref="ArgumentException">The sides of an image are less than 4, or there are fewer classes than two.</exception>
    public DigitClassifier(ModuleOptions options, ImageSize? size = null, int classes = Classes)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        (Size, ClassCount) = (size ?? new ImageSize(Side, Side, 1), classes);
        if (Math.Min(Size.Height, Size.Width) < 4) throw new ArgumentException(
            $"DigitClassifier: expected images of at least 4 x 4, found {Size}.");
        _device = options.Device ?? Device.Default;

        // [n, 28, 28, 1] to [n, 14, 14, 32] to [n, 7, 7, 64] to the ten logits [n, 10]
        _network = new Sequential(
            new Conv2d(Size.Channels, 32, kernel: 3, options, padding: 1), new Relu(), new MaxPool2d(2),
            new Conv2d(32, 64, kernel: 3, options, padding: 1), new Relu(), new MaxPool2d(2), new Flatten(),
            new Linear(Size.Height / 4 * (Size.Width / 4) * 64, FeatureCount, options), new Relu(), new Dropout(0.4, options),
            new Linear(FeatureCount, classes, options));
        _optimizer = new Adam(_network.Parameters);
    }

    /// <summary>The network: images [n, 28, 28, 1] in [-1, 1] to logits [n, 10].</summary>
    public Module Network => _network;

    /// <summary>One training step, by Adam with a learning rate that falls from 0.002 to 0 along half a cosine.</summary>
    /// <param name="images">[n, 28, 28, 1], in [-1, 1].</param>
    /// <param name="labels">n labels from 0 to 9.</param>
    /// <param name="done">The part of the training that is done, from 0 to 1.</param>
    /// <returns>The mean cross-entropy, in nats.</returns>
    public Reading Step(ReadOnlySpan<float> images, ReadOnlySpan<int> labels, double done)
    {
        // lr = (1 + cos(pi done)) / 1000, held above 0
        _optimizer.LearningRate = Math.Max(1e-3 * (1 + Math.Cos(Math.PI * done)), 1e-7);
        using Tape tape = new(_device);
        Tensor logits = _network.Forward(Tensor.From(images, Shape(images)));
        Tensor loss = Loss.CrossEntropy(logits, Tensor.From(labels, [labels.Length]));
        _optimizer.Step(tape.Gradients(loss, _network.Parameters));
        return loss;
    }

    /// <summary>Trains on labelled images for a number of passes over them, in batches of 128.</summary>
    /// <param name="data">28 x 28 grey images with labels from 0 to 9.</param>
    /// <param name="epochs">Passes over the data; at least 1.</param>
    /// <param name="seed">The seed of their order.</param>
    /// <param name="cancellation">Cancels the training; looked at before each batch.</param>
    /// <exception cref="DataException">The images are of another kind.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public void Fit(ImageDataset data, int epochs, ulong seed, CancellationToken cancellation = default)
    {
        CheckData(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        BatchLoader batches = new(data, Math.Min(TrainingBatch, data.Count), new BatchOptions { Seed = seed, DropLast = true });
        double steps = epochs * batches.BatchesPerEpoch, step = 0;
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            foreach (Batch batch in batches.Epoch(epoch))
            {
                cancellation.ThrowIfCancellationRequested();
                Step(batch.Images, batch.Labels, step++ / steps);
            }
        }
    }

    /// <summary>The probability of each class.</summary>
    /// <param name="images">[n, 28, 28, 1], in [-1, 1].</param>
    /// <returns>[n, 10].</returns>
    /// <exception cref="ArgumentException">The length is not a whole number of images.</exception>
    public float[] Probabilities(ReadOnlySpan<float> images) => Evaluated(images, x => _network.Forward(x).Softmax());

    /// <summary>What the last hidden layer makes of images: where images that look alike to the classifier are near each other.</summary>
    /// <param name="images">[n, 28, 28, 1], in [-1, 1].</param>
    /// <returns>[n, 128].</returns>
    /// <exception cref="ArgumentException">The length is not a whole number of images.</exception>
    public float[] Features(ReadOnlySpan<float> images) =>
        Evaluated(images, x => _network.Layers.SkipLast(2).Aggregate(x, (features, layer) => layer.Forward(features)));

    /// <summary>The share of labelled images that are classified rightly.</summary>
    /// <param name="data">28 x 28 grey images with labels from 0 to 9.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="DataException">The images are of another kind.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double Accuracy(ImageDataset data, CancellationToken cancellation = default)
    {
        CheckData(data);
        BatchLoader loader = new(data, Math.Min(EvaluationBatch, data.Count), new BatchOptions { Shuffle = false });
        int right = 0;
        foreach (Batch batch in loader.Epoch(0))
        {
            cancellation.ThrowIfCancellationRequested();
            float[] probabilities = Probabilities(batch.Images);
            for (int i = 0; i < batch.Count; i++)
            {
                ReadOnlySpan<float> row = probabilities.AsSpan(i * ClassCount, ClassCount);
                if (ClassCounts.MostProbable(row) == batch.Labels[i]) right++;
            }
        }

        return (double)right / data.Count;
    }

    /// <summary>Counts the classes of generated samples.</summary>
    /// <param name="samples">How many.</param>
    /// <param name="generate">Makes a number of samples, [n, 28, 28, 1] in [-1, 1].</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public ClassCounts Count(int samples, Func<int, float[]> generate, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(generate);
        ClassCounts counts = new(ClassCount);
        while (counts.Total < samples)
        {
            cancellation.ThrowIfCancellationRequested();
            counts.Add(Probabilities(generate(Math.Min(EvaluationBatch, samples - counts.Total))));
        }

        return counts;
    }

    /// <summary>Writes the weights as a safetensors file.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Save(string path) => _network.SaveSafetensors(path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or is not that of such a classifier.</exception>
    public void Load(string path) => _network.LoadSafetensors(path);

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("network", _network);
        visitor.Part("optimizer", _optimizer);
    }

    /// <summary>Releases the network and the optimiser.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
    }

    private float[] Evaluated(ReadOnlySpan<float> images, Func<Tensor, Tensor> function)
    {
        using Tape tape = new(_device, record: false);
        _network.Eval();
        try
        {
            return function(Tensor.From(images, Shape(images))).ToArray();
        }
        finally
        {
            _network.Train();
        }
    }

    private Shape Shape(ReadOnlySpan<float> images) => images.Length % Size.Length == 0 ? Size.Of(Size.CountOf(images.Length))
        : throw new ArgumentException($"Expected images of {Size.Length} values ({Size}), found {images.Length} values in all.");

    private void CheckData(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.IsLabelled || data.Classes != ClassCount || data.Size != Size) throw new DataException(
            $"Expected labelled images of {Size} in {ClassCount} classes, found {data.Size} in {data.Classes} classes in {data.Name}.");
    }
}
