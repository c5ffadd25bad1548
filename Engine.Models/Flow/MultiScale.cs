using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>
/// Images through one scale after another; after each but the last, the second half of the channels is done (Dinh et al. 2016,
/// arXiv:1605.08803, section 3.6). What is done at all scales comes out as one vector [batch, n]. With networks for it, what is done is
/// first shifted and scaled by what the other half says of it: the learned prior of Glow (Kingma and Dhariwal 2018).
/// </summary>
public sealed class MultiScale : FlowTransform
{
    private readonly FlowTransform[] _scales;
    private readonly Module[] _priors;
    private readonly Shape[] _shapes;

    /// <summary>Creates the transform.</summary>
    /// <param name="scales">The transform of each scale.</param>
    /// <param name="example">The shape of an image, [height, width, channels].</param>
    /// <param name="priors">For each scale but the last, a network from the first half of the channels [batch, h, w, c / 2] to [batch, h,
    /// w, c]; none for no learned prior.</param>
    /// <exception cref="ArgumentException">There is no scale, or not a network for each but the last, or a scale ends with an odd number of
    /// channels.</exception>
    public MultiScale(IReadOnlyList<FlowTransform> scales, Shape example, IReadOnlyList<Module>? priors = null)
    {
        if (scales.Count == 0) throw new ArgumentException("MultiScale: at least one scale is needed.");
        if (priors is { Count: > 0 } && priors.Count != scales.Count - 1)
            throw new ArgumentException(
                $"MultiScale: {scales.Count} scales need {scales.Count - 1} networks for their priors, found {priors.Count}.");
        (_scales, _priors, _shapes) = ([.. scales], [.. priors ?? []], new Shape[scales.Count]);
        for (int i = 0; i < _scales.Length; i++)
        {
            AddModule(i.ToString(CultureInfo.InvariantCulture), _scales[i]);
            example = _shapes[i] = _scales[i].OutputShape(example);
            if (i == _scales.Length - 1) break;
            if (example[-1] % 2 != 0) throw new ArgumentException(
                $"MultiScale: scale {i} ends with {example}: an even number of channels is needed.");
            example = example.With(-1, example[-1] / 2);
        }

        for (int i = 0; i < _priors.Length; i++) AddModule($"prior_{i}", _priors[i]);
    }

    /// <inheritdoc/>
    public override bool HasDataDependentInitialization => _scales.Any(scale => scale.HasDataDependentInitialization);

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => Run(x, scale => scale.Transform.Apply(scale.Input, context));

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        (int batch, int end) = (z.Shape[0], z.Shape[1]);
        Tensor? x = null, log = null;
        for (int i = _scales.Length - 1; i >= 0; i--)
        {
            bool isLast = i == _scales.Length - 1;
            Shape part = isLast ? _shapes[i] : _shapes[i].With(-1, _shapes[i][-1] / 2);
            end -= part.Count;
            Tensor value = z.Slice(1, end, part.Count).Reshape(new Shape([batch, .. part.ToArray()]));
            if (!isLast)
            {
                if (_priors.Length > 0)
                {
                    Transformed scaled = Bijection.Affine(value, _priors[i].Forward(x!), inverse: true);
                    (value, log) = (scaled.Value, log! + scaled.LogDeterminant);
                }

                value = Tensor.Concat(-1, x!, value);
            }

            Transformed before = _scales[i].Invert(value, context);
            x = before.Value;
            log = log is null ? before.LogDeterminant : log + before.LogDeterminant;
        }

        return new(x!, log!);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape example) => [example.Count];

    /// <inheritdoc/>
    public override Tensor Initialize(Tensor x, Tensor? context = null) =>
        Run(x, scale => VolumePreserving(scale.Transform.Initialize(scale.Input, context))).Value;

    private Transformed Run(Tensor x, Func<(FlowTransform Transform, Tensor Input), Transformed> through)
    {
        List<Tensor> done = [];
        Tensor? log = null;
        for (int i = 0; i < _scales.Length; i++)
        {
            Transformed z = through((_scales[i], x));
            log = log is null ? z.LogDeterminant : log + z.LogDeterminant;
            if (i == _scales.Length - 1)
            {
                done.Add(Flat(z.Value));
                break;
            }

            int half = z.Value.Shape[-1] / 2;
            x = z.Value.Slice(-1, 0, half);
            Tensor rest = z.Value.Slice(-1, half, half);
            if (_priors.Length > 0)
            {
                Transformed scaled = Bijection.Affine(rest, _priors[i].Forward(x));
                (rest, log) = (scaled.Value, log + scaled.LogDeterminant);
            }

            done.Add(Flat(rest));
        }

        return new(done.Count == 1 ? done[0] : Tensor.Concat(1, [.. done]), log!);
    }

    private static Tensor Flat(Tensor x) => x.Reshape(x.Shape[0], -1);
}
