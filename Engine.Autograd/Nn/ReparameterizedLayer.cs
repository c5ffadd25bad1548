using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>A layer with a weight that a function of it can replace: see <see cref="SpectralNorm"/> and <see cref="WeightNorm"/>.</summary>
public interface IWeightedLayer : IFusesActivation
{
    /// <summary>The weight.</summary>
    Parameter Weight { get; }

    /// <summary>The axis of the weight that counts the outputs.</summary>
    int OutputAxis { get; }

    /// <summary>The layer's output with another weight of the same shape, and an activation of it.</summary>
    Tensor Forward(Tensor x, Tensor weight, Activation activation);
}

/// <summary>
/// A layer around another, whose weight it replaces by a function of that weight. The parameters of the inner layer keep their names, with
/// <c>layer.</c> before them.
/// </summary>
public abstract class ReparameterizedLayer : Module, IFusesActivation
{
    private readonly IWeightedLayer _layer;

    /// <summary>Creates the layer around another.</summary>
    /// <param name="layer">The inner layer, which becomes a part of this one: a Linear, Conv1d, Conv2d or ConvTranspose2d.</param>
    /// <exception cref="ArgumentException">The layer has no weight that can be replaced.</exception>
    private protected ReparameterizedLayer(Module layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        _layer = layer as IWeightedLayer ?? throw new ArgumentException(
            $"{GetType().Name}: expected a layer whose weight can be replaced ({nameof(IWeightedLayer)}), found {layer.GetType().Name}.");
        AddModule("layer", layer);
    }

    /// <summary>The weight of the inner layer, which is trained.</summary>
    public Parameter InnerWeight => _layer.Weight;

    /// <summary>The axis of the weight that counts the outputs.</summary>
    private protected int OutputAxis => _layer.OutputAxis;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, Activation.None);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Activation activation) => _layer.Forward(x, EffectiveWeight(), activation);

    /// <summary>The weight that the inner layer works with.</summary>
    public abstract Tensor EffectiveWeight();
}
