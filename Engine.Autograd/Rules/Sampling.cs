using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;

namespace Engine.Autograd.Rules;

/// <summary>Random variables as differentiable functions of their parameters.</summary>
public static class Sampling
{
    /// <summary>
    /// z = mean + e^(logVariance / 2) noise, a sample of N(mean, e^logVariance) (Kingma and Welling 2013, arXiv:1312.6114).
    /// </summary>
    /// <param name="mean">The means; any shape.</param>
    /// <param name="logVariance">The logarithms of the variances, of the same shape.</param>
    /// <param name="noise">Standard normal noise, of the same shape.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor Reparameterize(Tensor mean, Tensor logVariance, Tensor noise)
    {
        if (mean.Shape != logVariance.Shape || mean.Shape != noise.Shape)
            throw new ArgumentException(
                $"Reparameterize: expected a mean, a log-variance and noise of one shape, found {mean.Shape}, {logVariance.Shape} and "
                + $"{noise.Shape}.");
        Tape tape = Tape.OpenFloating(nameof(Reparameterize), mean, logVariance, noise);
        Tensor z = tape.NewTensor(mean.Shape, mean.DType);
        Kernels.Sampling.Reparameterize.Run(mean.Storage, logVariance.Storage, noise.Storage, z.Storage);
        tape.Trace?.Add(nameof(Reparameterize), z, [mean, logVariance, noise]);

        // dmean = g; dnoise = g e^(logVariance / 2); dlogVariance = g noise e^(logVariance / 2) / 2
        return tape.Record(nameof(Reparameterize), z, new Rule(mean, g => g), new Rule(noise, g => g * Root() * Root()),
            new Rule(logVariance, g =>
        {
            if (Tape.IsRecordingNow) return 0.5 * noise * Root() * g * Root();
            Tensor result = Tape.Open("Gradients").NewTensor(g.Shape, g.DType);
            Kernels.Sampling.Reparameterize.LogVarianceGradient(g.Storage, logVariance.Storage, noise.Storage, result.Storage);
            return result;
        }));

        // e^(logVariance / 4): its square may overflow where the product does not.
        Tensor Root() => (0.25 * logVariance).Exp();
    }

    /// <summary>
    /// The forward noising step of a diffusion: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise, with a step for each sample.
    /// </summary>
    /// <param name="schedule">The noise schedule.</param>
    /// <param name="clean">x_0: [samples, ...].</param>
    /// <param name="noise">Standard normal noise, of the same shape.</param>
    /// <param name="steps">t of each sample, from 0.</param>
    /// <exception cref="ArgumentException">The shapes or types differ, or there is not one step for each sample.</exception>
    public static Tensor AddNoise(NoiseSchedule schedule, Tensor clean, Tensor noise, ReadOnlySpan<int> steps)
    {
        if (clean.Shape != noise.Shape) throw new ArgumentException(
            $"AddNoise: expected images and noise of one shape, found {clean.Shape} and {noise.Shape}.");
        if (clean.Shape.Rank < 1 || steps.Length != clean.Shape[0])
            throw new ArgumentException(
                $"AddNoise: expected one step for each sample of the first axis, found {steps.Length} steps for images {clean.Shape}.");
        for (int i = 0; i < steps.Length; i++)
        {
            if ((uint)steps[i] >= (uint)schedule.Steps) throw new ArgumentOutOfRangeException(
                nameof(steps), $"AddNoise: expected steps of the schedule, 0 to {schedule.Steps - 1}, found {steps[i]} of sample {i}.");
        }

        double[] signal = new double[steps.Length], noises = new double[steps.Length];
        schedule.Rates(steps, signal, noises);
        return Combined(nameof(AddNoise), clean, noise, signal, noises);
    }

    /// <summary>
    /// a x + b y with factors of each sample, in one kernel: the steps of a diffusion are of this form, and so is the change from one of
    /// its parameterisations to another.
    /// </summary>
    /// <param name="x">The first: [samples, ...].</param>
    /// <param name="y">The second, of the same shape.</param>
    /// <param name="a">The factor of x for each sample.</param>
    /// <param name="b">The factor of y for each sample.</param>
    /// <exception cref="ArgumentException">The shapes or types differ, or there are not two factors for each sample.</exception>
    public static Tensor Combine(Tensor x, Tensor y, ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        if (x.Shape != y.Shape) throw new ArgumentException($"Combine: expected x and y of one shape, found {x.Shape} and {y.Shape}.");
        if (x.Shape.Rank < 1 || a.Length != x.Shape[0] || b.Length != a.Length)
            throw new ArgumentException(
                $"Combine: expected two factors for each sample of the first axis, found {a.Length} and {b.Length} for {x.Shape}.");
        return Combined(nameof(Combine), x, y, a, b);
    }

    private static Tensor Combined(string operation, Tensor x, Tensor y, ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Tape tape = Tape.OpenFloating(operation, x, y);
        Tensor first = tape.NewTensor(new Shape(a.Length), x.DType);
        Tensor second = tape.NewTensor(new Shape(b.Length), x.DType);
        NoiseSchedule.Upload(a, first.Storage);
        NoiseSchedule.Upload(b, second.Storage);
        Tensor z = tape.NewTensor(x.Shape, x.DType);
        NoiseSchedule.AddNoise(x.Storage, y.Storage, first.Storage, second.Storage, z.Storage);
        return tape.Record(operation, z, new Rule(x, g => PerSample(g, first)), new Rule(y, g => PerSample(g, second)));
    }

    /// <summary>
    /// A class for each row of logits, drawn from the softmax of the row: int32 [...] for logits [..., classes]. A draw has no gradient.
    /// Each depends on its row and on a draw of its own.
    /// </summary>
    /// <param name="logits">Logits of the classes, along the innermost axis; -infinity for one that is never drawn.</param>
    /// <param name="random">The source of the draws; advanced by one draw for each row.</param>
    /// <exception cref="ArgumentException">
    /// The logits are a scalar or have no classes; or a row is no distribution: it holds NaN or +infinity, or nothing but -infinity.
    /// </exception>
    public static Tensor Categorical(Tensor logits, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Shape shape = logits.Shape;
        if (shape.Rank < 1 || shape[-1] < 1) throw new ArgumentException(
            $"Categorical: logits must be [..., classes] with at least one class, found {shape}.");
        Tensor indices = Tape.OpenFloating(nameof(Categorical), logits)
            .NewTensor(new Shape(shape.ToArray().AsSpan(0, shape.Rank - 1)), DType.Int32);
        RandomCategorical.Run(logits.Storage, indices.Count, shape[-1], indices.Storage, random.Key, random.Reserve(indices.Count));
        return indices;
    }

    private static Tensor PerSample(Tensor g, Tensor rate)
    {
        Span<int> extents = stackalloc int[g.Shape.Rank];
        extents.Fill(1);
        extents[0] = rate.Count;
        return g * rate.Reshape(extents);
    }
}
