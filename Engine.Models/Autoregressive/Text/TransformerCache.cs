using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// The keys and values of the positions that every layer of a <see cref="Transformer"/> has seen of sequences that are being generated.
/// </summary>
public sealed class TransformerCache : IDisposable
{
    private readonly KeyValueCache[] _layers;

    internal TransformerCache(Transformer model, int batch)
    {
        Device device = model.Parameters[0].Device;
        _layers = new KeyValueCache[model.Extents.Layers];
        for (int i = 0; i < _layers.Length; i++) _layers[i] =
            new KeyValueCache(batch, model.Extents.Block, model.Extents.Width, device, model.Parameters[0].DType);
    }

    /// <summary>The positions that are held.</summary>
    public int Length => _layers[0].Length;

    /// <summary>Forgets all positions.</summary>
    public void Clear()
    {
        foreach (KeyValueCache layer in _layers) layer.Clear();
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (KeyValueCache layer in _layers) layer.Dispose();
    }

    internal KeyValueCache Of(int layer) => _layers[layer];
}
