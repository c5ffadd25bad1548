using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.Losses;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;

namespace Engine.Models.Variational;

/// <summary>
/// Softmax regression on features: the share of right answers measures how linearly separable the classes are in features that were learned
/// without labels. Features are first standardised to mean 0 and deviation 1.
/// </summary>
public sealed class LinearProbe : IDisposable
{
    private readonly Linear _linear;
    private readonly Adam _adam;
    private readonly RandomStream _shuffles;
    private readonly float[] _shift;
    private readonly float[] _scale;

    /// <summary>Creates an untrained probe.</summary>
    /// <param name="features">Elements of a feature vector.</param>
    /// <param name="classes">Classes to tell apart.</param>
    /// <param name="options">Device and random stream.</param>
    /// <param name="learningRate">Adam's learning rate at the beginning; it falls linearly to 0.</param>
    public LinearProbe(int features, int classes, ModuleOptions options, double learningRate = 1e-2)
    {
        ArgumentNullException.ThrowIfNull(options);
        (Features, Classes, LearningRate) = (features, classes, learningRate);
        _linear = new Linear(features, classes, options with { DType = DType.Float32 }, true, Initializers.Zeros, Initializers.Zeros);
        _adam = new Adam(_linear.Parameters, learningRate);
        _shuffles = options.Random.Split("linear probe");
        (_shift, _scale) = (new float[features], new float[features]);
        Array.Fill(_scale, 1);
    }

    /// <summary>Elements of a feature vector.</summary>
    public int Features { get; }

    /// <summary>Classes to tell apart.</summary>
    public int Classes { get; }

    /// <summary>Adam's learning rate at the beginning of <see cref="Fit"/>.</summary>
    public double LearningRate { get; }

    /// <summary>Trains the probe.</summary>
    /// <param name="features">Feature vectors, one after another.</param>
    /// <param name="labels">The class of each, from 0.</param>
    /// <param name="epochs">The number of passes over the examples.</param>
    /// <param name="batch">Examples in a batch; an incomplete batch at the end of an epoch is dropped.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="ArgumentException">The counts of features and labels do not fit, or a label is out of range.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public void Fit(ReadOnlySpan<float> features, ReadOnlySpan<int> labels, int epochs = 20, int batch = 250,
        CancellationToken cancellation = default)
    {
        Check(features, labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        Standardize(features, labels.Length);
        batch = Math.Min(batch, labels.Length);
        int steps = labels.Length / batch;
        int[] order = new int[labels.Length];
        float[] inputs = new float[batch * Features];
        int[] targets = new int[batch];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            Shuffle(epoch, order);
            for (int step = 0; step < steps; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                _adam.LearningRate = LearningRate * (1 - (((epoch * steps) + step) / (double)(epochs * steps)));
                for (int i = 0; i < batch; i++)
                {
                    int at = order[(step * batch) + i];
                    Copy(features.Slice(at * Features, Features), inputs.AsSpan(i * Features, Features));
                    targets[i] = labels[at];
                }

                using Tape tape = new(_linear.Weight.Device);
                Tensor loss = Loss.CrossEntropy(_linear.Forward(Tensor.From(inputs, [batch, Features])), Tensor.From(targets, [batch]));
                _adam.Step(tape.Gradients(loss, _linear.Parameters));
            }
        }
    }

    /// <summary>The accuracy.</summary>
    /// <param name="features">Feature vectors, one after another.</param>
    /// <param name="labels">The class of each, from 0.</param>
    /// <exception cref="ArgumentException">The counts of features and labels do not fit, or a label is out of range.</exception>
    public double Accuracy(ReadOnlySpan<float> features, ReadOnlySpan<int> labels)
    {
        Check(features, labels);
        float[] inputs = new float[features.Length];
        for (int i = 0; i < labels.Length; i++) Copy(features.Slice(i * Features, Features), inputs.AsSpan(i * Features, Features));
        using Tape tape = new(_linear.Weight.Device, record: false);
        int[] answers = _linear.Forward(Tensor.From(inputs, [labels.Length, Features])).ArgMax(1).ToInts();
        int right = 0;
        for (int i = 0; i < answers.Length; i++) right += answers[i] == labels[i] ? 1 : 0;
        return right / (double)labels.Length;
    }

    /// <summary>Releases the memory.</summary>
    public void Dispose()
    {
        _adam.Dispose();
        _linear.Dispose();
    }

    /// <summary>The order in which an epoch visits the feature vectors: a function of the seed and the epoch.</summary>
    internal void Shuffle(int epoch, Span<int> order) => new CounterRandom(_shuffles.Split(epoch).Key).Shuffle(order);

    private void Standardize(ReadOnlySpan<float> features, int count)
    {
        for (int f = 0; f < Features; f++)
        {
            double sum = 0, square = 0;
            for (int i = 0; i < count; i++)
            {
                double x = features[(i * Features) + f];
                (sum, square) = (sum + x, square + (x * x));
            }

            double variance = (square / count) - (sum / count * (sum / count));
            _shift[f] = (float)(sum / count);

            // A constant feature carries no information: it becomes 0.
            _scale[f] = variance > 1e-12 ? (float)(1 / Math.Sqrt(variance)) : 0;
        }
    }

    private void Copy(ReadOnlySpan<float> from, Span<float> to)
    {
        for (int f = 0; f < to.Length; f++) to[f] = (from[f] - _shift[f]) * _scale[f];
    }

    private void Check(ReadOnlySpan<float> features, ReadOnlySpan<int> labels)
    {
        if (labels.IsEmpty || features.Length != (long)labels.Length * Features)
            throw new ArgumentException(
                $"{labels.Length} labels need as many vectors of {Features} features, found {features.Length} values.");
        foreach (int label in labels)
            if ((uint)label >= (uint)Classes) throw new ArgumentException($"Labels from 0 to {Classes - 1} were expected, found {label}.");
    }
}
