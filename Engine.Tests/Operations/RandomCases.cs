using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Operations on random numbers, and functions of given noise.</summary>
internal static class RandomCases
{
    private static readonly Shape[] s_shapes = [[], [1], [17], [5, 16], [2, 3, 5], [2, 1, 3, 2, 1, 3], [131, 257]];

    internal static IEnumerable<OperationCase> All() =>
        [.. Drawn(), .. Dropout(), .. Reparameterize(), .. AddNoise(), .. Categorical(), .. Combine()];

    private const ulong Key = 0x123456789ABCDEF0;

    // A stream that is not at its start; positions are whole groups of 64.
    private const int Position = 192;

    private static RandomStream Stream() => new(new RandomStreamState(Key, Position));

    private static IEnumerable<OperationCase> Drawn()
    {
        foreach (Shape shape in s_shapes)
        {
            foreach (DType type in (DType[])[DType.Float32, DType.Float64])
            {
                bool isDouble = type == DType.Float64;
                yield return Made("Tensor.Uniform", shape, type, () => Tensor.Uniform(shape, Stream(), -1.5, 2, type), (sum, i) =>
                {
                    sum.Add(i, -1.5);
                    sum.Add(i, 3.5 * PlainPhilox.Uniform(Key, Position + i, isDouble));
                });
                yield return Made("Tensor.Normal", shape, type, () => Tensor.Normal(shape, Stream(), 0.5, 2, type), (sum, i) =>
                {
                    sum.Add(i, 0.5);
                    sum.Add(i, 2 * PlainPhilox.Normal(Key, Position + i, isDouble));
                });
                yield return Made("Tensor.Bernoulli", shape, type, () => Tensor.Bernoulli(shape, Stream(), 0.3, type), (sum, i) =>
                    sum.Add(i, PlainPhilox.Uniform(Key, Position + i, isDouble: false) < 0.3f ? 1 : 0));
            }
        }
    }

    private static OperationCase Made(string operation, Shape shape, DType type, Func<Tensor> make, Action<Expected, int> element) =>
        new(
            operation,
            $"{shape} of {type}",
            [],
            _ => make(),
            _ =>
            {
                Expected expected = new(shape.Count);
                for (int i = 0; i < shape.Count; i++) element(expected, i);
                return expected;
            },
            operation == "Tensor.Bernoulli" ? Exact : Terms(2)) { Orders = 0 };

    private static IEnumerable<OperationCase> Dropout()
    {
        foreach (Shape shape in s_shapes)
        {
            foreach (double probability in (double[])[0, 0.3])
            {
                // A mask of its own for each call would be no function of x: every call starts the stream anew.
                yield return new OperationCase(
                    "Tensor.Dropout",
                    $"{shape} probability {probability}",
                    [new Input(shape, Any)],
                    x => x[0].Dropout(probability, Stream()),
                    x => new Expected([.. x[0].Select(
                        (value, i) => PlainPhilox.Uniform(Key, Position + i, isDouble: false) < (float)probability ? 0
                            : value / (1 - (double)(float)probability))]),
                    probability == 0 ? Exact : Ulps(2));
            }
        }
    }

    private static IEnumerable<OperationCase> Reparameterize() => s_shapes.Select(shape => new OperationCase(
        "Sampling.Reparameterize",
        $"{shape}",
        [new Input(shape, Any), new Input(shape, Any), new Input(shape, Any, IsDifferentiable: false)],
        x => Sampling.Reparameterize(x[0], x[1], x[2]),
        x =>
        {
            Expected z = new(shape.Count);
            for (int i = 0; i < shape.Count; i++)
            {
                z.Add(i, x[0][i]);
                z.Add(i, Math.Exp(x[1][i] / 2) * x[2][i]);
            }

            return z;
        },
        Terms(2)));

    // 257 and 300 classes are more than the host keeps exponentials of at a time.
    private static IEnumerable<OperationCase> Categorical() =>
        ((Shape[])[[1], [17], [5, 1], [5, 16], [2, 3, 5], [0, 4], [3, 257], [131, 300]])
            .SelectMany(shape => ((DType[])[DType.Float32, DType.Float64]).Select(type => new OperationCase(
        "Sampling.Categorical",
        $"{shape} of {type}",
        [new Input(shape, Any, IsDifferentiable: false)],
        x => Sampling.Categorical(x[0].Cast(type), Stream()),
        x =>
        {
            int classes = shape[-1];
            return new Expected([.. Enumerable.Range(0, shape.Count / classes).Select(row =>
            {
                double[] logits = x[0][(row * classes)..((row + 1) * classes)];
                double[] weights = Array.ConvertAll(logits, logit => Math.Exp(logit - logits.Max()));
                double wanted = PlainPhilox.Uniform(Key, Position + row, type == DType.Float64) * weights.Sum(), sum = 0;
                return (double)Array.FindIndex(weights, weight => (sum += weight) > wanted);
            })]);
        },
        Exact) { Orders = 0 }));

    private static IEnumerable<OperationCase> AddNoise()
    {
        foreach ((Shape shape, int[] steps) in (
            (Shape, int[])[])[([1], [0]), ([3], [7, 0, 99]), ([3, 17], [50, 1, 98]), ([2, 3, 2, 3], [9, 80]),
            ([5, 4001], [1, 20, 40, 60, 99])])
        {
            foreach (string name in (string[])["linear", "cosine"])
            {
                yield return new OperationCase(
                    "Sampling.AddNoise",
                    $"{name} {shape} steps {string.Join(", ", steps)}",
                    [new Input(shape, Any), new Input(shape, Any)],
                    x => Sampling.AddNoise(name == "linear" ? NoiseSchedule.Linear(100) : NoiseSchedule.Cosine(100), x[0], x[1], steps),
                    x =>
                    {
                        Expected noisy = new(shape.Count);
                        for (int i = 0; i < shape.Count; i++)
                        {
                            double signal = name == "linear" ? LinearSignal(steps[i / (shape.Count / steps.Length)])
                                : CosineSignal(steps[i / (shape.Count / steps.Length)]);
                            noisy.Add(i, Math.Sqrt(signal) * x[0][i]);
                            noisy.Add(i, Math.Sqrt(1 - signal) * x[1][i]);
                        }

                        return noisy;
                    },
                    Terms(2));
            }
        }
    }

    private static IEnumerable<OperationCase> Combine()
    {
        foreach ((Shape shape, double[] a, double[] b) in (
            (Shape, double[], double[])[])[([1], [0.5], [-2]), ([3, 17], [0, 1, -0.3], [1, 0, 0.7]), ([2, 3, 2, 3], [1.5, 2], [-0.25, 3])])
        {
            yield return new OperationCase(
                "Sampling.Combine",
                $"{shape}",
                [new Input(shape, Any), new Input(shape, Any)],
                x => Sampling.Combine(x[0], x[1], a, b),
                x =>
                {
                    Expected z = new(shape.Count);
                    for (int i = 0; i < shape.Count; i++)
                    {
                        z.Add(i, a[i / (shape.Count / a.Length)] * x[0][i]);
                        z.Add(i, b[i / (shape.Count / a.Length)] * x[1][i]);
                    }

                    return z;
                },
                Terms(2));
        }
    }

    // abar_t = (1 - beta_0) ... (1 - beta_t), beta from 1e-4 to 0.02 in 100 steps.
    private static double LinearSignal(int t)
    {
        double signal = 1;
        for (int s = 0; s <= t; s++) signal *= 1 - (10 * (1e-4 + ((0.02 - 1e-4) * s / 99)));
        return signal;
    }

    // abar_t = f(t + 1) / f(0), f(t) = cos²((t / 100 + 0.008) / 1.008 pi / 2), but no step adds more than 0.999 of variance: only the last
    // one would.
    private static double CosineSignal(int t)
    {
        double signal = Square(Math.Min(t + 1, 99)) / Square(0);
        return t == 99 ? signal * 0.001 : signal;

        static double Square(int t) => Math.Pow(Math.Cos(((t / 100.0) + 0.008) / 1.008 * Math.PI / 2), 2);
    }
}
