using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>f = f_n(...f_2(f_1(x))): the log-determinants add up.</summary>
public sealed class Composition : FlowTransform
{
    private readonly FlowTransform[] _parts;

    /// <summary>Joins transforms, the one next to the data first.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public Composition(params ReadOnlySpan<FlowTransform> parts)
    {
        if (parts.Length == 0) throw new ArgumentException("A composition needs at least one transform.");
        _parts = parts.ToArray();
        for (int i = 0; i < _parts.Length; i++) AddModule(i.ToString(CultureInfo.InvariantCulture), _parts[i]);
    }

    /// <summary>The transforms, the one next to the data first.</summary>
    public IReadOnlyList<FlowTransform> Parts => _parts;

    /// <inheritdoc/>
    public override bool HasDataDependentInitialization => _parts.Any(part => part.HasDataDependentInitialization);

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        Transformed z = _parts[0].Apply(x, context);
        foreach (FlowTransform part in _parts.AsSpan(1))
        {
            Transformed next = part.Apply(z.Value, context);
            z = new(next.Value, z.LogDeterminant + next.LogDeterminant);
        }

        return z;
    }

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        Transformed x = _parts[^1].Invert(z, context);
        for (int i = _parts.Length - 2; i >= 0; i--)
        {
            Transformed next = _parts[i].Invert(x.Value, context);
            x = new(next.Value, x.LogDeterminant + next.LogDeterminant);
        }

        return x;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape example)
    {
        foreach (FlowTransform part in _parts) example = part.OutputShape(example);
        return example;
    }

    /// <inheritdoc/>
    public override Tensor Initialize(Tensor x, Tensor? context = null)
    {
        foreach (FlowTransform part in _parts) x = part.Initialize(x, context);
        return x;
    }
}

/// <summary>
/// The inverse of a transform. Around a <see cref="MaskedAutoregressive"/> flow it is an inverse autoregressive one (Kingma et al.
/// 2016, arXiv:1606.04934): samples then take one pass, and the density of given data as many as there are dimensions. What data decide
/// before training, such as the scales of an <see cref="ActNorm"/>, is not set inside of it: data come to it from the other side.
/// </summary>
public sealed class Inverted : FlowTransform
{
    private readonly FlowTransform _inner;

    /// <summary>Inverts a transform.</summary>
    /// <param name="inner">A transform with the same shape on both sides.</param>
    public Inverted(FlowTransform inner) => _inner = AddModule("inner", inner);

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => _inner.Invert(x, context);

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) => _inner.Apply(z, context);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape example)
    {
        Shape shape = _inner.OutputShape(example);
        return shape == example ? shape
            : throw new InvalidOperationException($"A transform that makes {shape} of {example} cannot be inverted.");
    }
}
