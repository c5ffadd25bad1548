using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational.Quantized;

/// <summary>
/// Replaces each vector z by the nearest of a codebook's vectors e (van den Oord, Vinyals and Kavukcuoglu 2017, arXiv:1711.00937, section
/// 3.1). The gradient of the result is handed to z as it is: straight through. How the codebook learns says <see cref="CodebookLearning"/>.
/// </summary>
public sealed class VectorQuantizer : Module
{
    /// <summary>What a count must exceed for a mean to be computed: far above the smallest float.</summary>
    private const double LeastCount = 1e-12;

    private readonly VectorQuantizerOptions _settings;
    private readonly Tensor? _counts, _sums;
    private readonly RandomStream? _random;

    /// <summary>Creates a codebook, uniform in [-1 / codes, 1 / codes].</summary>
    /// <param name="settings">Sizes, and how the codebook learns.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1, the decay is not in [0, 1), or the share below which codes are
    /// dead not in [0, 1].</exception>
    public VectorQuantizer(VectorQuantizerOptions settings, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Codes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Depth, 1);
        if (!(settings.Decay is >= 0 and < 1)) throw new ArgumentOutOfRangeException(
            nameof(settings), settings.Decay, $"VectorQuantizer: the decay must be in [0, 1), found {settings.Decay}.");
        if (!(settings.DeadShare is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(
            nameof(settings), settings.DeadShare,
            $"VectorQuantizer: the share below which codes are dead must be in [0, 1], found {settings.DeadShare}.");
        _settings = settings;
        Shape shape = Shape.Of(nameof(VectorQuantizer), settings.Codes, settings.Depth);
        Initializer begin = Initializers.Uniform(-1.0 / settings.Codes, 1.0 / settings.Codes);
        if (settings.Learning == CodebookLearning.Loss)
        {
            Codebook = NewParameter("codebook", shape, begin, options);
            return;
        }

        Codebook = NewBuffer("codebook", shape, begin, options);
        _counts = NewBuffer("counts", [settings.Codes, 1], Initializers.Zeros, options);
        _sums = NewBuffer("sums", shape, Initializers.Zeros, options);
        _random = UseRandom(options.Random.Split("codebook"));
    }

    /// <summary>The vectors e: [codes, depth].</summary>
    public Tensor Codebook { get; }

    /// <summary>How many vectors the codebook has.</summary>
    public int Codes => _settings.Codes;

    /// <summary>Elements of a vector.</summary>
    public int Depth => _settings.Depth;

    /// <summary>The nearest vectors: <see cref="Quantization.Output"/> of <see cref="Quantize"/>.</summary>
    public override Tensor Forward(Tensor x) => Quantize(x).Output;

    /// <summary>
    /// Finds the nearest code of each vector. In training with <see cref="CodebookLearning.Averages"/> the codebook moves on afterwards, in
    /// place, as running statistics do.
    /// </summary>
    /// <param name="z">The encoder's vectors: [..., depth].</param>
    /// <exception cref="ArgumentException">The vectors are of another length.</exception>
    public Quantization Quantize(Tensor z)
    {
        Tensor codes = Nearest(z), e = Lookup(codes);
        Tape tape = Tape.Current!;

        // The value of e, the gradient of z.
        Tensor output = tape.Record("StraightThrough", e.Detach(), new Rule(z, g => g));

        // ||z - sg(e)||^2 and ||sg(z) - e||^2: equal, with different gradients.
        Tensor commitment = (z - e.Detach()).Square().Sum(-1);
        Tensor? learning = _settings.Learning == CodebookLearning.Loss ? (z.Detach() - e).Square().Sum(-1) : null;
        if (IsTraining && learning is null) Follow(z, codes);
        return new Quantization(output, codes, commitment, learning);
    }

    /// <summary>The nearest code of each vector, the first of several as near: int32 [...] for [..., depth].</summary>
    /// <param name="z">The encoder's vectors.</param>
    /// <exception cref="ArgumentException">The vectors are of another length.</exception>
    public Tensor Nearest(Tensor z)
    {
        if (z.Shape.Rank < 1 || z.Shape[-1] != Depth) throw new ArgumentException(
            $"VectorQuantizer: expected vectors [..., {Depth}], found {z.Shape}.");
        int[] outer = z.Shape.ToArray()[..^1];
        Tensor rows = z.Detach().Reshape(z.Count / Depth, Depth), e = Codebook.Detach();

        // argmin ||z - e||^2 = argmax (z . e - ||e||^2 / 2)
        Tensor scores = rows.MatMul(e, transposeOther: true) - (0.5 * e.Square().Sum(-1));
        return scores.ArgMax(-1).Reshape(new Shape(outer));
    }

    /// <summary>The vectors of codes: [..., depth] for int32 [...].</summary>
    /// <param name="codes">Codes from 0 on.</param>
    /// <exception cref="ArgumentException">They are not int32, or one is no code.</exception>
    public Tensor Lookup(Tensor codes) => Codebook.Gather(codes);

    /// <summary>
    /// The perplexity of the codes that are used, e^H of their shares p with H = -sum(p log p): 1 where one code serves for all, the number
    /// of codes where each is used alike. A scalar; carries no gradient.
    /// </summary>
    /// <param name="codes">Codes: int32 of any shape, at least one.</param>
    public Tensor Perplexity(Tensor codes)
    {
        Tensor p = Counts(codes) / codes.Count;
        return (-(p * p.Clamp(1e-30, 1).Log()).Sum()).Exp();
    }

    /// <summary>How many vectors each code stands for: [codes, 1].</summary>
    private Tensor Counts(Tensor codes) => Tensor.Ones([codes.Count, 1], Codebook.DType).ScatterAdd(codes, [Codes, 1]);

    /// <summary>
    /// Moves each code to the mean of the vectors that it stands for, over this batch and those before it (van den Oord et al., appendix
    /// A.1): N = decay N + (1 - decay) n, m = decay m + (1 - decay) sum(z), e = m / N. A code that stands for hardly any is set to a vector
    /// of the batch, drawn at random (Dhariwal et al. 2020, arXiv:2005.00341, section 3.1).
    /// </summary>
    private void Follow(Tensor vectors, Tensor codes)
    {
        using Tape tape = new(Codebook.Device, record: false);
        Tensor z = vectors.Detach().Reshape(codes.Count, Depth);
        double decay = _settings.Decay, dead = _settings.DeadShare * codes.Count / Codes;
        Tensor n = (decay * _counts!) + ((1 - decay) * Counts(codes));
        Tensor m = (decay * _sums!) + ((1 - decay) * z.ScatterAdd(codes, [Codes, Depth]));
        if (dead > 0)
        {
            int[] picked = [.. _random!.Uniform(Codes).Select(u => Math.Min((int)(u * codes.Count), codes.Count - 1))];
            Tensor isDead = n.Less(dead), anew = dead * z.Gather(Tensor.From(picked, [Codes]));
            m = Tensor.Where(isDead, anew, m);
            n = Tensor.Where(isDead, Tensor.Full([], dead, n.DType), n);
        }

        Tensor e = Tensor.Where(n.Greater(LeastCount), m / n.Clamp(LeastCount, double.PositiveInfinity), Codebook);
        foreach ((Tensor from, Tensor to) in (ReadOnlySpan<(Tensor, Tensor)>)[(n, _counts!), (m, _sums!), (e, Codebook)])
        {
            Move.Copy(from.Storage, to.Storage);
            to.Storage.Version++;
        }
    }
}

/// <summary>How a codebook learns.</summary>
public enum CodebookLearning
{
    /// <summary>By exponential moving averages of the vectors that each code stands for; codes that are not used are set anew.</summary>
    Averages,

    /// <summary>By the gradient of ||sg(z) - e||^2: the codebook is a parameter.</summary>
    Loss,
}

/// <summary>Sizes of a <see cref="VectorQuantizer"/>, and how it learns.</summary>
public sealed record VectorQuantizerOptions
{
    /// <summary>Vectors of the codebook.</summary>
    public int Codes { get; init; } = 64;

    /// <summary>Elements of a vector.</summary>
    public int Depth { get; init; } = 16;

    /// <summary>How the codebook learns.</summary>
    public CodebookLearning Learning { get; init; }

    /// <summary>The share of the averages that stays at each step, in [0, 1).</summary>
    public double Decay { get; init; } = 0.99;

    /// <summary>
    /// A code is dead when it stands on average for less than this share of what it would if all were used alike, in [0, 1]; 0 sets none
    /// anew.
    /// </summary>
    public double DeadShare { get; init; } = 0.05;
}

/// <summary>Quantised vectors.</summary>
/// <param name="Output">The nearest vectors of the codebook, [..., depth], whose gradient goes to the vectors as it is.</param>
/// <param name="Codes">Which ones: int32 [...].</param>
/// <param name="Commitment">||z - sg(e)||^2 of each vector: [...].</param>
/// <param name="Learning">||sg(z) - e||^2 of each vector, [...], for a codebook that learns by it; else null.</param>
public readonly record struct Quantization(Tensor Output, Tensor Codes, Tensor Commitment, Tensor? Learning);
