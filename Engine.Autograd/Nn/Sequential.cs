namespace Engine.Autograd.Nn;

/// <summary>
/// Layers one after another, named by their place: 0, 1, 2. A layer that can apply the activation after it itself does so in one kernel
/// (<see cref="IFusesActivation"/>); the result is that of the two in turn.
/// </summary>
public sealed class Sequential : Module
{
    private readonly Module[] _layers;

    /// <summary>Creates the chain.</summary>
    public Sequential(params ReadOnlySpan<Module> layers)
    {
        _layers = layers.ToArray();
        for (int i = 0; i < _layers.Length; i++) AddModule(i.ToString(System.Globalization.CultureInfo.InvariantCulture), _layers[i]);
    }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<Module> Layers => _layers;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        for (int i = 0; i < _layers.Length; i++)
        {
            if (_layers[i] is IFusesActivation layer && i + 1 < _layers.Length && _layers[i + 1] is IActivation fused)
            {
                x = layer.Forward(x, fused.Activation);
                i++;
            }
            else
            {
                x = _layers[i].Forward(x);
            }
        }

        return x;
    }
}
