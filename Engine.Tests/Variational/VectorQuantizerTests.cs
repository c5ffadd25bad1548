using Engine.Models.Variational.Quantized;

namespace Engine.Tests.Variational;

public sealed class VectorQuantizerTests : IsolatedTests
{
    private const int Codes = 5, Depth = 2, Count = 12;
    private const double Decay = 0.8;

    [Theory, Values("Averages", "Loss")]
    public void The_nearest_code_its_losses_and_the_perplexity_are_those_of_the_formulas(string learning)
    {
        using VectorQuantizer quantizer = Make(learning);
        quantizer.Eval();
        double[] z = Vectors(1), e = quantizer.Codebook.ToDoubles();
        int[] nearest = Nearest(z, e);
        using Tape tape = new(Cpu);
        Quantization quantized = quantizer.Quantize(Tensor.From(z, [3, 4, Depth]));
        Assert.Equal(nearest, quantized.Codes.ToInts());
        Assert.Equal(new Shape(3, 4), quantized.Codes.Shape);
        Assert.Equal([.. nearest.SelectMany(code => e[(code * Depth)..][..Depth])], quantized.Output.ToDoubles());
        double[] squares = [.. Enumerable.Range(0, Count).Select(i => Square(z, i, e, nearest[i]))];
        Closeness.Near(squares, quantized.Commitment, 1e-12);
        Assert.Equal(learning == "Loss", quantized.Learning is not null);
        if (quantized.Learning is { } own) Closeness.Near(squares, own, 1e-12);

        double[] shares = [.. nearest.CountBy(code => code).Select(used => used.Value / (double)Count)];
        Assert.Equal(Math.Exp(-shares.Sum(p => p * Math.Log(p))), quantizer.Perplexity(quantized.Codes).Item(), 1e-12);
        Assert.Equal(1, quantizer.Perplexity(Tensor.From([3, 3, 3], [3])).Item(), 1e-12);
        Assert.Equal(5, quantizer.Perplexity(Tensor.From([4, 3, 2, 1, 0], [5])).Item(), 1e-12);
    }

    [Fact]
    public void The_gradient_goes_straight_through_and_each_loss_has_its_own()
    {
        using VectorQuantizer quantizer = Make("Loss");
        double[] z = Vectors(1), e = quantizer.Codebook.ToDoubles(), weights = Vectors(2);
        int[] nearest = Nearest(z, e);
        using Tape tape = new(Cpu);
        Tensor vectors = tape.Watch(Tensor.From(z, [Count, Depth])), codebook = quantizer.Parameters[0];
        Quantization quantized = quantizer.Quantize(vectors);

        // L(q) = sum(w q^3): dL/dz is 3 w e^2 in place of 3 w z^2.
        Tensor ofOutput = (Tensor.From(weights, [Count, Depth]) * quantized.Output * quantized.Output.Square()).Sum();
        Tensor loss = ofOutput + (0.25 * quantized.Commitment.Sum()) + quantized.Learning!.Sum();
        Tensor[] gradients = tape.Gradients(loss, [vectors, codebook]);
        double[] expected = new double[Count * Depth], ofCodebook = new double[Codes * Depth];
        for (int i = 0; i < expected.Length; i++)
        {
            int at = (nearest[i / Depth] * Depth) + (i % Depth);
            expected[i] = (3 * weights[i] * e[at] * e[at]) + (0.25 * 2 * (z[i] - e[at]));
            ofCodebook[at] += 2 * (e[at] - z[i]);
        }

        Closeness.Near(expected, gradients[0], 1e-12);
        Closeness.Near(ofCodebook, gradients[1], 1e-12);
    }

    [Theory, Values(0, 0.5)]
    public void Averages_follow_the_vectors_and_dead_codes_are_set_anew(double deadShare)
    {
        using VectorQuantizer quantizer = Make("Averages", deadShare);
        double[] n = new double[Codes], m = new double[Codes * Depth];
        double dead = deadShare * Count / Codes;
        int setAnew = 0;
        for (int step = 0; step < 4; step++)
        {
            double[] z = Vectors(10 + step), e = quantizer.Codebook.ToDoubles();
            int[] nearest = Nearest(z, e);
            for (int k = 0; k < Codes; k++)
            {
                n[k] = (Decay * n[k]) + ((1 - Decay) * nearest.Count(code => code == k));
                for (int d = 0; d < Depth; d++)
                {
                    m[(k * Depth) + d] = (Decay * m[(k * Depth) + d])
                        + ((1 - Decay) * Enumerable.Range(0, Count).Where(i => nearest[i] == k).Sum(i => z[(i * Depth) + d]));
                }
            }

            using (Tape tape = new(Cpu)) quantizer.Quantize(Tensor.From(z, [Count, Depth]));
            double[] found = quantizer.Codebook.ToDoubles();
            for (int k = 0; k < Codes; k++)
            {
                double[] code = found[(k * Depth)..][..Depth];
                if (n[k] < dead)
                {
                    // One of the vectors of this batch.
                    int from = Enumerable.Range(0, Count).MinBy(i => Square(z, i, code, 0));
                    Closeness.Near(z[(from * Depth)..][..Depth], code, 1e-12);
                    n[k] = dead;
                    for (int d = 0; d < Depth; d++) m[(k * Depth) + d] = dead * code[d];
                    setAnew++;
                }
                else
                {
                    for (int d = 0; d < Depth; d++)
                        Assert.Equal(n[k] > 0 ? m[(k * Depth) + d] / n[k] : e[(k * Depth) + d], code[d], 1e-12);
                }
            }
        }

        Assert.Equal(deadShare > 0, setAnew > 0);

        // What is measured changes nothing.
        quantizer.Eval();
        double[] before = quantizer.Codebook.ToDoubles();
        using (Tape tape = new(Cpu)) quantizer.Quantize(Tensor.From(Vectors(3), [Count, Depth]));
        Assert.Equal(before, quantizer.Codebook.ToDoubles());
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using VectorQuantizer quantizer = Make("Averages");
        using Tape tape = new(Cpu);
        Refused("VectorQuantizer: expected vectors [..., 2], found [4, 3].", () => quantizer.Quantize(Tensor.Zeros([4, 3], DType.Float64)));
        Refused<ArgumentOutOfRangeException>("the decay must be in [0, 1), found 1", () => Of(new() { Decay = 1 }));
        Refused<ArgumentOutOfRangeException>("must be in [0, 1], found 2", () => Of(new() { DeadShare = 2 }));
        Refused<ArgumentOutOfRangeException>("must be greater than or equal to '1'", () => Of(new() { Codes = 0 }));

        void Of(VectorQuantizerOptions settings) => new VectorQuantizer(settings, ModuleOptions.FromSeed(1, Cpu)).Dispose();
    }

    private VectorQuantizer Make(string learning, double deadShare = 0.05)
    {
        VectorQuantizer quantizer = new(
            new VectorQuantizerOptions
            {
                Codes = Codes, Depth = Depth, Learning = Enum.Parse<CodebookLearning>(learning), Decay = Decay, DeadShare = deadShare,
            },
            ModuleOptions.FromSeed(3, Cpu) with { DType = DType.Float64 });
        quantizer.Codebook.Storage.CopyFrom<double>([0.5, 0.4, -0.6, 0.1, 0.1, -0.7, 3, 3, 0.2, 0.1]);
        return quantizer;
    }

    private static double[] Vectors(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Count * Depth).Select(_ => (2 * random.NextDouble()) - 1)];
    }

    private static int[] Nearest(double[] z, double[] e) =>
        [.. Enumerable.Range(0, z.Length / Depth).Select(i => Enumerable.Range(0, Codes).MinBy(k => Square(z, i, e, k)))];

    private static double Square(double[] z, int i, double[] e, int k) =>
        Enumerable.Range(0, Depth).Sum(d => Math.Pow(z[(i * Depth) + d] - e[(k * Depth) + d], 2));
}
