using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Diffusion;

/// <summary>
/// A network that predicts the noise in images (Ronneberger et al. 2015, arXiv:1505.04597; Ho et al. 2020, arXiv:2006.11239,
/// appendix B): residual blocks while the images are halved level by level, attention in the middle, and back up again, each level with
/// the features of the same level on the way down.
/// </summary>
public sealed class Unet : Module, IDenoiser
{
    private readonly UnetOptions _size;
    private readonly TimeEmbedding _time;
    private readonly Conv2d _input, _output;
    private readonly UnetBlock[][] _down, _up;
    private readonly Conv2d[] _halves, _doubles;
    private readonly UnetBlock _middle1, _middle2;
    private readonly GroupNorm _norm;

    /// <summary>Creates the network.</summary>
    /// <param name="size">Its size.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">The sizes do not fit each other.</exception>
    public Unet(UnetOptions size, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(size);
        ArgumentNullException.ThrowIfNull(options);
        size.Check();
        (_size, Device, DType) = (size, options.Device ?? Device.Default, options.DType);
        int[] widths = [.. size.Multipliers.Select(multiplier => size.Width * multiplier)];
        int levels = widths.Length, last = widths[^1];
        _time = AddModule("time", new TimeEmbedding(size.TimeFeatures, size.TimeWidth, size.Classes, options));
        _input = AddModule("input", new Conv2d(size.Channels, widths[0], 3, options, padding: 1));
        (_down, _up, _halves, _doubles) =
            (new UnetBlock[levels][], new UnetBlock[levels][], new Conv2d[levels - 1], new Conv2d[levels - 1]);
        int channels = widths[0];
        for (int level = 0; level < levels; level++)
        {
            _down[level] = Blocks($"down{level}", level, block => block == 0 ? channels : widths[level]);
            channels = widths[level];
            if (level < levels - 1) _halves[level] =
                AddModule($"half{level}", new Conv2d(channels, channels, 3, options, stride: 2, padding: 1));
        }

        _middle1 = AddModule("middle1", new UnetBlock(last, last, size, attention: true, options));
        _middle2 = AddModule("middle2", new UnetBlock(last, last, size, attention: false, options));
        for (int level = levels - 1; level >= 0; level--)
        {
            _up[level] = Blocks($"up{level}", level, _ => 2 * widths[level]);
            if (level > 0) _doubles[level - 1] =
                AddModule($"double{level}", new Conv2d(widths[level], widths[level - 1], 3, options, padding: 1));
        }

        _norm = AddModule("norm", new GroupNorm(size.Groups, widths[0], options));
        _output = AddModule("output",
            new Conv2d(widths[0], size.LearnsVariance ? 2 * size.Channels : size.Channels, 3, options, padding: 1));

        UnetBlock[] Blocks(string name, int level, Func<int, int> inputs) =>
            [.. Enumerable.Range(0, size.Blocks)
                .Select(block => AddModule(
                    $"{name}.{block}", new UnetBlock(inputs(block), widths[level], size, size.AttentionLevels.Contains(level), options)))];
    }

    /// <summary>The device that it computes on.</summary>
    public Device Device { get; }

    /// <summary>The type of its elements.</summary>
    public DType DType { get; }

    /// <summary>The number of classes that it is conditioned on; 0 for an unconditional network.</summary>
    public int Classes => _size.Classes;

    /// <summary>The prediction for images at step 0, of no class.</summary>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Predict(x, new int[x.Shape[0]], []);
    }

    /// <inheritdoc/>
    public Tensor Predict(Tensor noisy, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        Check(noisy, steps.Length, labels.Length == 0 ? null : labels.Length);
        return Predict(noisy, _time.Forward(steps, labels));
    }

    /// <summary>The prediction for steps and classes that are tensors: for a computation that has them as inputs, such as an ONNX
    /// file.</summary>
    /// <param name="noisy">x_t: [samples, height, width, channels].</param>
    /// <param name="steps">t of each sample: int32 [samples], from 0 to <paramref name="count"/> - 1.</param>
    /// <param name="count">How many steps there are; at least 1.</param>
    /// <param name="labels">
    /// The class of each sample, int32 [samples], with <see cref="Classes"/> for no class; null for none at all.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A shape or a type does not fit, there are no steps, or labels for a network without classes.
    /// </exception>
    public Tensor Predict(Tensor noisy, Tensor steps, int count, Tensor? labels = null)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(steps);
        if (steps.Shape.Rank != 1 || (labels is not null && (labels.Shape.Rank != 1 || Classes == 0))) throw new ArgumentException(
            $"Unet: expected steps [samples], and labels likewise or none for a network of {Classes} classes, found {steps.Shape} and "
            + $"{labels?.Shape.ToString() ?? "none"}.");
        Check(noisy, steps.Count, labels?.Count);
        return Predict(noisy, _time.Forward(steps, count, labels));
    }

    private Tensor Predict(Tensor noisy, Tensor time)
    {
        time = time.Silu();
        Tensor h = _input.Forward(noisy);
        Stack<Tensor> seen = new();
        for (int level = 0; level < _down.Length; level++)
        {
            foreach (UnetBlock block in _down[level]) seen.Push(h = block.Forward(h, time));
            if (level < _halves.Length) h = _halves[level].Forward(h);
        }

        h = _middle2.Forward(_middle1.Forward(h, time), time);
        for (int level = _up.Length - 1; level >= 0; level--)
        {
            foreach (UnetBlock block in _up[level]) h = block.Forward(Tensor.Concat(3, h, seen.Pop()), time);
            if (level > 0) h = _doubles[level - 1].Forward(h.UpsampleNearest2d(2));
        }

        return _output.Forward(_norm.ForwardSilu(h));
    }

    private void Check(Tensor noisy, int steps, int? labels)
    {
        int factor = 1 << (_down.Length - 1);
        if (noisy.Shape.Rank != 4 || noisy.Shape[3] != _size.Channels || noisy.Shape[1] % factor != 0 || noisy.Shape[2] % factor != 0)
        {
            throw new ArgumentException(
                $"Unet: expected images [samples, height, width, {_size.Channels}] with sides that are multiples of {factor}, because "
                + $"they are halved {_down.Length - 1} times; found {noisy.Shape}.");
        }

        if (steps != noisy.Shape[0]) throw new ArgumentException(
            $"Unet: expected {noisy.Shape[0]} steps, one for each image, found {steps}.");
        if (labels is { } given && given != steps) throw new ArgumentException(
            $"Unet: expected {steps} labels, one for each image, or none; found {given}.");
    }
}
