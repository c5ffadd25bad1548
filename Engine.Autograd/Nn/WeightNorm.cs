using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Nn;

/// <summary>
/// A layer whose weight is given by a direction and a length for each output, w = g v / |v|, so that the two are trained apart: weight
/// normalisation (Salimans and Kingma 2016, arXiv:1602.07868). v is the weight of the inner layer, g the parameter <c>weight_g</c>,
/// [outputs], which starts as |v|: the layer begins as what it was before.
/// </summary>
public sealed class WeightNorm : ReparameterizedLayer
{
    /// <summary>Creates the layer around another.</summary>
    /// <param name="layer">The inner layer: a Linear, Conv1d, Conv2d or ConvTranspose2d.</param>
    /// <exception cref="ArgumentException">
    /// The layer has no weight that can be replaced, or the weight of an output is 0 and has no direction.
    /// </exception>
    public WeightNorm(Module layer) : base(layer)
    {
        using Tape tape = new(InnerWeight.Device, record: false);
        Tensor lengths = InnerWeight.AsMatrix(OutputAxis).Norm(0);
        int zero = InnerWeight.Device.Computes ? Array.FindIndex(lengths.ToDoubles(), length => !(length > 0)) : -1;
        if (zero >= 0) throw new ArgumentException(
            $"WeightNorm: expected weights that have a direction, found those of output {zero} to be 0 or NaN.");
        Magnitude = NewParameter("weight_g", lengths.Shape, (storage, _, _) => Move.Copy(lengths.Storage, storage),
            new(new RandomStream(0), InnerWeight.Device, InnerWeight.DType));
    }

    /// <summary>g: the length of each output's weight, [outputs].</summary>
    public Parameter Magnitude { get; }

    /// <summary>g v / |v|.</summary>
    public override Tensor EffectiveWeight() => InnerWeight.WeightNorm(Magnitude, OutputAxis);
}
