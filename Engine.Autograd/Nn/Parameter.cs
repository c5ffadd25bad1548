using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Kernels.Elementwise;

namespace Engine.Autograd.Nn;

/// <summary>
/// A tensor that is trained: it belongs to no tape, has a name in its module, and gradients are taken with respect to it.
/// </summary>
public sealed class Parameter : Tensor
{
    private readonly Module _module;

    internal Parameter(Module module, string name, Storage storage, Shape shape, ParameterLayout layout) : base(storage, shape, null)
    {
        _module = module;
        Name = name;
        Layout = layout;
        IsLeaf = true;
    }

    /// <summary>The name within the module that made it: <c>weight</c>, <c>bias</c>.</summary>
    public string Name { get; }

    /// <summary>
    /// The name within the outermost module that it is a part of: <c>0.weight</c>. Where modules share it, that of the first.
    /// </summary>
    public string FullName => _module.PathTo(Name);

    /// <summary>How its axes relate to those of other frameworks.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>True while an average of the parameter is in its place: what is written to it then would be lost.</summary>
    internal bool HoldsAverage { get; set; }

    /// <summary>Replaces the elements.</summary>
    /// <exception cref="ArgumentException">The number of elements differs.</exception>
    /// <exception cref="InvalidOperationException">An average of the parameter is in use in its place.</exception>
    public void Set(ReadOnlySpan<float> values)
    {
        ThrowIfHoldsAverage(nameof(Set));
        if (values.Length != Count) throw new ArgumentException(
            $"Set: parameter '{FullName}' {Shape} has {Count} elements, found {values.Length} values.");
        Storage.Version++;
        if (DType == DType.Float32)
        {
            Storage.CopyFrom(values);
            return;
        }

        double[] converted = new double[values.Length];
        for (int i = 0; i < converted.Length; i++) converted[i] = values[i];
        Storage.CopyFrom<double>(converted);
    }

    /// <summary>Brings every element back between two bounds, in place, on the device.</summary>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The largest value.</param>
    /// <exception cref="ArgumentException"><paramref name="low"/> is above <paramref name="high"/>.</exception>
    /// <exception cref="InvalidOperationException">An average of the parameter is in use in its place.</exception>
    public void Clip(double low, double high)
    {
        ThrowIfHoldsAverage(nameof(Clip));
        if (!(low <= high)) throw new ArgumentException(
            $"Clip: expected a lower bound that is not above the upper bound, found {low} and {high}.");
        RunningOperation.Begin(nameof(Clip));
        Kernels.Mapping.Map.Unary(Storage, Storage, new Clamp(low, high));
        Storage.Version++;
    }

    /// <summary>Refuses to write where what is written would be lost.</summary>
    /// <exception cref="InvalidOperationException">An average of the parameter is in use in its place.</exception>
    internal void ThrowIfHoldsAverage(string operation)
    {
        if (HoldsAverage) throw new InvalidOperationException(
            $"{operation}: parameter '{FullName}' holds an average of its values while ExponentialMovingAverage.Use is in effect, and what "
            + "is written to it would be lost. Dispose what Use returned first.");
    }
}

/// <summary>How the axes of a parameter relate to those of other frameworks; set by the layer that creates it.</summary>
public enum ParameterLayout
{
    /// <summary>Every framework has the same axes: biases, scales, tables of embeddings.</summary>
    Same,

    /// <summary>
    /// [kernel..., inputs, outputs], where PyTorch has [outputs, inputs, kernel...]: the weights of fully connected layers and
    /// convolutions. Of transposed convolutions too: [kernel..., outputs, inputs] here, [inputs, outputs, kernel...] there.
    /// </summary>
    OutputsLast,
}
