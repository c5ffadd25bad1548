using System.Diagnostics.CodeAnalysis;
using Engine.Autograd;
using Engine.Autograd.Bijections;

namespace Engine.Models.Flow;

/// <summary>
/// A transform of images behind a <see cref="Squeeze"/> in the order of a checkerboard, which is undone behind it: images come out in the
/// size in which they came in. A context is squeezed alike, so that the transform sees it at the same places, a quarter of as many.
/// </summary>
public sealed class Squeezed : FlowTransform
{
    private readonly Squeeze _squeeze;
    private readonly FlowTransform _inner;

    /// <summary>Makes the transform.</summary>
    /// <param name="inner">The transform of images [batch, h / 2, w / 2, 4 c], with a context [batch, h / 2, w / 2, 4 k] if there is
    /// one.</param>
    public Squeezed(FlowTransform inner)
    {
        _squeeze = AddModule("squeeze", new Squeeze(checkerboard: true));
        _inner = AddModule("inner", inner);
    }

    /// <inheritdoc/>
    public override bool BeginsWithData => _inner.BeginsWithData;

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        Transformed z = _inner.Apply(Small(x), Small(context));
        return z with { Value = _squeeze.Invert(z.Value).Value };
    }

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        Transformed x = _inner.Invert(Small(z), Small(context));
        return x with { Value = _squeeze.Invert(x.Value).Value };
    }

    /// <inheritdoc/>
    public override Tensor Initialize(Tensor x, Tensor? context = null) =>
        _squeeze.Invert(_inner.Initialize(Small(x), Small(context))).Value;

    [return: NotNullIfNotNull(nameof(x))]
    private Tensor? Small(Tensor? x) => x is null ? null : _squeeze.Apply(x).Value;
}
