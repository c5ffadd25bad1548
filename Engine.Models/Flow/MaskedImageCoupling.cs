using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>
/// An affine coupling of images [batch, h, w, c] in which a mask says what a network sees and what it changes (Dinh et al. 2016,
/// arXiv:1605.08803, equation 9). The log-scale is bounded by a trained number for each channel, s = f tanh(raw / f).
/// </summary>
public sealed class MaskedImageCoupling : FlowTransform
{
    private readonly Module _network;
    private readonly Tensor _active;

    /// <summary>Makes the coupling with the mask of a checkerboard.</summary>
    /// <param name="network">From [batch, h, w, c] with zeros where pixels change (and the context's channels behind) to [batch, h, w, 2
    /// c]: raw log-scales, shifts.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">Channels of an image.</param>
    /// <param name="changesEven">Whether pixels change whose row and column add up to an even number; the others otherwise.</param>
    /// <param name="options">Device, type and randomness.</param>
    public MaskedImageCoupling(Module network, int height, int width, int channels, bool changesEven, ModuleOptions options)
    {
        _network = AddModule("network", network);
        LogBound = NewParameter("log_bound", [channels], Initializers.Zeros, options);
        _active = NewBuffer("active", [height, width, channels], (storage, shape, _) => Fill(storage, shape, changesEven), options);
    }

    /// <summary>log f: [channels].</summary>
    public Parameter LogBound { get; }

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) =>
        Bijection.Affine(x, ParametersFrom(x, context), LogBound.Exp(), _active);

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) =>
        Bijection.Affine(z, ParametersFrom(z, context), LogBound.Exp(), _active, inverse: true);

    // What does not change is the same before and after, so the network says the same of both.
    private Tensor ParametersFrom(Tensor x, Tensor? context)
    {
        Tensor seen = x * (1 - _active);
        return _network.Forward(context is null ? seen : Tensor.Concat(-1, seen, context));
    }

    private static void Fill(Storage storage, Shape shape, bool changesEven)
    {
        double[] active = new double[shape.Count];
        for (int i = 0; i < active.Length; i++)
        {
            int pixel = i / shape[2], row = pixel / shape[1], column = pixel % shape[1];
            active[i] = (row + column) % 2 == 0 == changesEven ? 1 : 0;
        }

        if (storage.DType == DType.Float64) storage.CopyFrom<double>(active);
        else storage.CopyFrom<float>(Array.ConvertAll(active, v => (float)v));
    }
}
