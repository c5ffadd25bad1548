using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial.Conditional;

/// <summary>Layers one after another, of which those that are conditional all get the same condition.</summary>
public sealed class ConditionalSequential : ConditionalModule
{
    private readonly Module[] _layers;

    /// <summary>Creates the chain.</summary>
    /// <param name="layers">The layers, first to last, named by their place: 0, 1, 2. They become parts of this one.</param>
    public ConditionalSequential(params ReadOnlySpan<Module> layers)
    {
        _layers = layers.ToArray();
        for (int i = 0; i < _layers.Length; i++) AddModule(i.ToString(System.Globalization.CultureInfo.InvariantCulture), _layers[i]);
    }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<Module> Layers => _layers;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, Tensor condition)
    {
        foreach (Module layer in _layers)
            x = layer is ConditionalModule conditional ? conditional.Forward(x, condition) : layer.Forward(x);
        return x;
    }
}
