using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Gemm;
using Engine.Kernels.Losses;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// A decoder-only Transformer (Radford et al. 2018; 2019): p(x) is the product of p(x_t | x_1 ... x_t-1), each of which one pass computes
/// for all positions at once, because no position sees a later one. The table of embeddings is the matrix of the output, too (Press and
/// Wolf 2016, arXiv:1608.05859).
/// </summary>
public sealed class Transformer : Module
{
    private readonly Embedding _tokens;
    private readonly Embedding? _learned;
    private readonly Tensor? _sinusoidal;
    private readonly Dropout? _dropout;
    private readonly TransformerLayer[] _layers;
    private readonly LayerNorm _norm;

    /// <summary>Creates the model.</summary>
    /// <param name="extents">Its extents.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">An extent is out of its range.</exception>
    public Transformer(TransformerOptions extents, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(extents);
        extents.Check();
        Extents = extents;
        Initializer normal = Initializers.Normal(0, 0.02);
        _tokens = AddModule("tokens", new Embedding(extents.Vocabulary, extents.Width, options, normal));
        if (extents.Positions == PositionKind.Learned) _learned =
            AddModule("positions", new Embedding(extents.Block, extents.Width, options, normal));
        else _sinusoidal = NewBuffer("positions", [extents.Block, extents.Width], Sinusoids, options);
        if (extents.Dropout > 0) _dropout = AddModule("dropout", new Dropout(extents.Dropout, options));
        _layers = new TransformerLayer[extents.Layers];
        for (int i = 0; i < _layers.Length; i++) _layers[i] = AddModule($"layers.{i}", new TransformerLayer(extents, options));
        _norm = AddModule("norm", new LayerNorm(extents.Width, options));
    }

    /// <summary>Its extents.</summary>
    public TransformerOptions Extents { get; }

    /// <summary>The logits of the token that follows each position, given those up to it.</summary>
    /// <param name="tokens">int32 [batch, time], the time at most the block.</param>
    /// <returns>[batch, time, vocabulary].</returns>
    public override Tensor Forward(Tensor tokens) => Forward(tokens, null);

    /// <summary>The logits of the tokens that follow the next positions of sequences whose earlier ones a cache holds.</summary>
    /// <param name="tokens">int32 [batch, time]; with those held at most the block.</param>
    /// <param name="cache">What was seen so far, from <see cref="NewCache"/>; null for nothing.</param>
    /// <returns>[batch, time, vocabulary].</returns>
    /// <exception cref="ArgumentException">The tokens are not int32 [batch, time], or reach beyond the block.</exception>
    public Tensor Forward(Tensor tokens, TransformerCache? cache)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.DType != DType.Int32 || tokens.Shape.Rank != 2) throw new ArgumentException(
            $"Transformer: expected tokens of Int32 [batch, time], found {tokens.DType} {tokens.Shape}.");
        (int batch, int time, int first) = (tokens.Shape[0], tokens.Shape[1], cache?.Length ?? 0);
        if (time < 1 || first + time > Extents.Block) throw new ArgumentException(
            $"Transformer: the block has {Extents.Block} positions, found positions {first} to {first + time}.");

        // h = token + position
        Tensor h = _tokens.Forward(tokens) + Positions(first, time);
        if (_dropout is not null) h = _dropout.Forward(h);
        for (int i = 0; i < _layers.Length; i++) h = _layers[i].Forward(h, cache?.Of(i));

        // logits = norm(h) Eᵀ, E being the table of embeddings
        Tensor rows = _norm.Forward(h).Reshape(batch * time, Extents.Width);
        return rows.MatMul(_tokens.Weight, transposeOther: true).Reshape(batch, time, Extents.Vocabulary);
    }

    /// <summary>The mean of -log p(target | tokens up to it), in nats.</summary>
    /// <param name="tokens">int32 [batch, time].</param>
    /// <param name="targets">What follows each, int32 [batch, time].</param>
    public Tensor Loss(Tensor tokens, Tensor targets) => Autograd.Losses.Loss.CrossEntropy(Forward(tokens), targets);

    /// <summary>An empty cache for sequences that this model generates.</summary>
    /// <param name="batch">How many side by side.</param>
    public TransformerCache NewCache(int batch) => new(this, batch);

    private Tensor Positions(int first, int time)
    {
        Tensor table = _learned?.Weight ?? _sinusoidal!;
        return first == 0 && time == Extents.Block ? table : table.Slice(0, first, time);
    }

    /// <summary>Element 2i of position t is sin(t / 10000^(2i / width)), element 2i + 1 the cosine of the same.</summary>
    private static void Sinusoids(Storage storage, Shape shape, RandomStream random)
    {
        double[] values = new double[shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            (int position, int number) = (i / shape[1], i % shape[1]);
            double angle = position / Math.Pow(10_000, (number & ~1) / (double)shape[1]);

            // Beside embeddings of deviation 0.02 waves of amplitude 1 would drown what the tokens say.
            values[i] = 0.02 * (number % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
        }

        if (storage.DType == DType.Float64) storage.CopyFrom<double>(values);
        else storage.CopyFrom<float>(Array.ConvertAll(values, x => (float)x));
    }
}

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

    /// <summary>Creates the layer.</summary>
    /// <param name="extents">The extents of the model.</param>
    /// <param name="options">Device, element type and random stream.</param>
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

    /// <summary>Releases the memory.</summary>
    public void Dispose()
    {
        foreach (KeyValueCache layer in _layers) layer.Dispose();
    }

    internal KeyValueCache Of(int layer) => _layers[layer];
}
