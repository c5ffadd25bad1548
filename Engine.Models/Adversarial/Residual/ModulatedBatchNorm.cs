using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial.Residual;

/// <summary>
/// Batch normalisation whose scale and offset are linear in a vector of each sample (Brock et al. 2018, BigGAN, arXiv:1809.11096, section
/// 3): class-conditional normalisation where the vector is an embedding of the class, which all layers may share, and noise beside it.
/// The statistics are those of the whole batch. The parts are <c>norm</c>, <c>scale</c> and <c>offset</c>.
/// </summary>
public sealed class ModulatedBatchNorm : ConditionalModule
{
    private readonly BatchNorm _norm;
    private readonly Module _scale, _offset;
    private readonly int _conditions;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Channels of the input; at least 1.</param>
    /// <param name="conditions">Elements of a sample's vector; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="around">What is put around the two layers with weights, such as <see cref="SpectralNorm"/>; null for
    /// nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels, or a vector has no elements.</exception>
    public ModulatedBatchNorm(int channels, int conditions, ModuleOptions options, Func<Module, Module>? around = null)
    {
        around ??= layer => layer;
        _conditions = conditions;
        _norm = AddModule("norm", new BatchNorm(channels, options, affine: false));
        _scale = AddModule("scale", around(new Linear(conditions, channels, options, bias: false, Initializers.Orthogonal())));
        _offset = AddModule("offset", around(new Linear(conditions, channels, options, bias: false, Initializers.Orthogonal())));
    }

    /// <summary>(1 + A c) (x - mean) / sqrt(variance + epsilon) + B c.</summary>
    /// <param name="x">[samples, ..., channels].</param>
    /// <param name="condition">c: [samples, conditions].</param>
    /// <exception cref="ArgumentException">The vectors do not fit the samples.</exception>
    public override Tensor Forward(Tensor x, Tensor condition)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(condition);
        if (x.Shape.Rank < 2 || condition.Shape != new Kernels.Shape(x.Shape[0], _conditions)) throw new ArgumentException(
            $"ModulatedBatchNorm: expected samples [samples, ..., channels] and vectors [samples, {_conditions}], found {x.Shape} and "
            + $"{condition.Shape}.");
        return Modulate(_norm.Forward(x), 1 + _scale.Forward(condition), _offset.Forward(condition));
    }

    /// <summary>scale x + offset, with a scale and an offset of each sample and channel.</summary>
    /// <param name="x">[samples, ..., channels].</param>
    /// <param name="scale">[samples, channels].</param>
    /// <param name="offset">[samples, channels].</param>
    internal static Tensor Modulate(Tensor x, Tensor scale, Tensor offset)
    {
        int[] each = [.. Enumerable.Repeat(1, x.Shape.Rank)];
        (each[0], each[^1]) = (x.Shape[0], scale.Shape[1]);
        return (x * scale.Reshape(new Kernels.Shape(each))) + offset.Reshape(new Kernels.Shape(each));
    }
}
