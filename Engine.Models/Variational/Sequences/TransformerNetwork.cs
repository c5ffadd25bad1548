using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Text;

namespace Engine.Models.Variational.Sequences;

/// <summary>
/// Layers of a Transformer as a <see cref="CausalNetwork"/>. What z says is added to every position, behind a linear map, as the position
/// itself is.
/// </summary>
public sealed class TransformerNetwork : CausalNetwork
{
    private readonly TransformerOptions _extents;
    private readonly Linear _input;
    private readonly Embedding _positions;
    private readonly Linear? _latent;
    private readonly TransformerLayer[] _layers;
    private readonly LayerNorm _norm;

    /// <summary>Creates the layers.</summary>
    /// <param name="inputs">Features of a step; at least 1.</param>
    /// <param name="extents">Block, layers, heads and width; positions are learned, and the vocabulary has no meaning here.</param>
    /// <param name="latent">Dimensions of z; 0 for none.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">An extent is out of its range.</exception>
    public TransformerNetwork(int inputs, TransformerOptions extents, int latent, ModuleOptions options)
        : base(extents is null ? 0 : extents.Width, latent)
    {
        ArgumentNullException.ThrowIfNull(extents);
        _extents = extents;
        _input = AddModule("input", new Linear(inputs, extents.Width, options));
        _positions = AddModule("positions", new Embedding(extents.Block, extents.Width, options, Initializers.Normal(0, 0.02)));
        if (latent > 0) _latent = AddModule("latent", new Linear(latent, extents.Width, options));
        _layers = new TransformerLayer[extents.Layers];
        for (int i = 0; i < _layers.Length; i++) _layers[i] = AddModule($"layers.{i}", new TransformerLayer(extents, options));
        _norm = AddModule("norm", new LayerNorm(extents.Width, options));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, Tensor? z)
    {
        ArgumentNullException.ThrowIfNull(x);
        Check(z, x.Shape[0]);
        return Run(x, z, 0, null);
    }

    internal override ICausalSteps Begin(Tensor? z, int batch)
    {
        Check(z, batch);
        return new Steps(this, z, batch);
    }

    private Tensor Run(Tensor x, Tensor? z, int first, KeyValueCache[]? caches)
    {
        (int batch, int steps) = (x.Shape[0], x.Shape[1]);
        if (steps < 1 || first + steps > _extents.Block) throw new ArgumentException(
            $"TransformerNetwork: the block has {_extents.Block} positions, found positions {first} to {first + steps}.");

        // h = input + position + what z says
        Tensor h = _input.Forward(x) + _positions.Weight.Slice(0, first, steps);
        if (z is not null) h += _latent!.Forward(z).Reshape(batch, 1, Features);
        for (int i = 0; i < _layers.Length; i++) h = _layers[i].Forward(h, caches?[i]);
        return _norm.Forward(h);
    }

    private sealed class Steps : ICausalSteps
    {
        private readonly TransformerNetwork _network;
        private readonly Tensor? _z;
        private readonly KeyValueCache[] _caches;

        internal Steps(TransformerNetwork network, Tensor? z, int batch)
        {
            (_network, _z) = (network, z);
            Parameter any = network.Parameters[0];
            _caches = [.. network._layers.Select(_ =>
                new KeyValueCache(batch, network._extents.Block, network.Features, any.Device, any.DType))];
        }

        public Tensor Next(Tensor x) => _network.Run(x, _z, _caches.Length == 0 ? 0 : _caches[0].Length, _caches);

        public void Dispose()
        {
            foreach (KeyValueCache cache in _caches) cache.Dispose();
        }
    }
}
