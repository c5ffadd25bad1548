using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Diffusion;

/// <summary>
/// The embedding of the step t: sines and cosines of t at frequencies from 1 down to 1 / 10,000 (Vaswani et al. 2017,
/// arXiv:1706.03762), and two fully connected layers after them; with classes, a vector of the class is added.
/// </summary>
public sealed class TimeEmbedding : Module
{
    private readonly int _features, _classes;
    private readonly Linear _first, _second;
    private readonly Embedding? _ofClass;
    private readonly DType _dtype;

    /// <summary>Creates the layers.</summary>
    /// <param name="features">Sines and cosines together; even.</param>
    /// <param name="width">Features that are made of them.</param>
    /// <param name="classes">The number of classes that it is conditioned on; 0 for an unconditional network.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">The number of sines and cosines is odd.</exception>
    public TimeEmbedding(int features, int width, int classes, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (features < 2 || features % 2 != 0) throw new ArgumentException(
            $"TimeEmbedding: needs an even number of sines and cosines, found {features}.");
        (_features, _classes, _dtype) = (features, classes, options.DType);
        _first = AddModule("first", new Linear(features, width, options));
        _second = AddModule("second", new Linear(width, width, options));

        // One row more, for images of no class.
        if (classes > 0) _ofClass = AddModule("class", new Embedding(classes + 1, width, options, Initializers.Normal(0, 0.02)));
    }

    /// <summary>The vectors of samples of no class: sinusoids [samples, features] to [samples, width].</summary>
    public override Tensor Forward(Tensor x) => _second.Forward(_first.Forward(x).Silu());

    /// <summary>The vectors of samples: [samples, width].</summary>
    /// <param name="steps">t of each sample.</param>
    /// <param name="labels">The class of each sample, -1 for none; empty for none at all.</param>
    public Tensor Forward(ReadOnlySpan<int> steps, ReadOnlySpan<int> labels)
    {
        Tensor e = Forward(Tensor.From(Sinusoids(steps, _features), [steps.Length, _features]).Cast(_dtype));
        if (_ofClass is null) return e;
        int[] rows = new int[steps.Length];
        for (int i = 0; i < rows.Length; i++) rows[i] = labels.Length == 0 || labels[i] < 0 ? _classes : labels[i];
        return e + _ofClass.Forward(Tensor.From(rows, [rows.Length]));
    }

    /// <summary>The vectors of samples whose steps and classes are tensors: [samples, width].</summary>
    /// <param name="steps">t of each sample: int32 [samples], from 0 to <paramref name="count"/> - 1.</param>
    /// <param name="count">How many steps there are; at least 1.</param>
    /// <param name="labels">The class of each sample, int32 [samples], with the number of classes for none; null for none at all.</param>
    /// <exception cref="ArgumentException">The steps are not int32, or one is out of its range.</exception>
    public Tensor Forward(Tensor steps, int count, Tensor? labels = null)
    {
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int[] all = [.. Enumerable.Range(0, count)];
        Tensor e = Forward(Tensor.From(Sinusoids(all, _features), [count, _features]).Cast(_dtype).Gather(steps));
        if (_ofClass is null) return e;
        return e + (labels is null ? _ofClass.Weight.Slice(0, _classes, 1) : _ofClass.Forward(labels));
    }

    /// <summary>sin(t f) for all frequencies f = 10,000^(-i / half), then cos(t f).</summary>
    internal static double[] Sinusoids(ReadOnlySpan<int> steps, int features)
    {
        int half = features / 2;
        double[] values = new double[steps.Length * features];
        for (int sample = 0; sample < steps.Length; sample++)
        {
            for (int i = 0; i < half; i++)
                (values[(sample * features) + i], values[(sample * features) + half + i]) =
                    Math.SinCos(steps[sample] * Math.Pow(10_000, -(double)i / half));
        }

        return values;
    }
}
