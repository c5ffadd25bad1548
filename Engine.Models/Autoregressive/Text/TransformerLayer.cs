using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// A layer of a Transformer whose normalisation comes first (Radford et al. 2019): x + attention(norm(x)), then x + network(norm(x)), the
/// network being two linear maps with a GELU between them and four times the width. The parts are <c>norm1</c>, <c>attention</c>,
/// <c>norm2</c>, <c>expand</c>, <c>contract</c>.
/// </summary>
public sealed class TransformerLayer : Module
{
    private readonly LayerNorm _norm1, _norm2;
    private readonly MultiHeadAttention _attention;
    private readonly Linear _expand, _contract;
    private readonly Dropout? _dropout;

    /// <summary>Makes the layer.</summary>
    /// <param name="extents">The extents of the model.</param>
    /// <param name="options">Device, type and randomness.</param>
    public TransformerLayer(TransformerOptions extents, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(extents);
        extents.Check();

        // What the layers add up on the way to the output keeps its size, however many they are (Radford et al. 2019, section 2.3).
        Initializer weight = Initializers.Normal(0, 0.02), added = Initializers.Normal(0, 0.02 / Math.Sqrt(2 * extents.Layers));
        int width = extents.Width;
        _norm1 = AddModule("norm1", new LayerNorm(width, options));
        _attention = AddModule("attention",
            new MultiHeadAttention(width, extents.Heads, options, causal: true, extents.Bias, weight, added));
        _norm2 = AddModule("norm2", new LayerNorm(width, options));
        _expand = AddModule("expand", new Linear(width, 4 * width, options, extents.Bias, weight, Initializers.Zeros));
        _contract = AddModule("contract", new Linear(4 * width, width, options, extents.Bias, added, Initializers.Zeros));
        if (extents.Dropout > 0) _dropout = AddModule("dropout", new Dropout(extents.Dropout, options));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>The next positions of a sequence, with a cache of the earlier ones; without one, a whole sequence.</summary>
    /// <param name="x">[batch, positions, width].</param>
    /// <param name="cache">What this layer has seen; null for none.</param>
    public Tensor Forward(Tensor x, KeyValueCache? cache)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tensor normalized = _norm1.Forward(x);
        x += Dropped(cache is null ? _attention.Forward(normalized) : _attention.Forward(normalized, cache));
        return x + Dropped(_contract.Forward(_expand.Forward(_norm2.Forward(x)).Gelu()));
    }

    private Tensor Dropped(Tensor x) => _dropout?.Forward(x) ?? x;
}
