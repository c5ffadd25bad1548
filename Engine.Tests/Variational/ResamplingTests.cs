namespace Engine.Tests.Variational;

public sealed class ResamplingTests
{
    [Fact]
    public void A_sample_comes_as_often_as_its_weight_says()
    {
        // Weights 1, 2, 5 and 0, and in the second column 1, 1, 1 and 1.
        double[] logWeights = [Math.Log(1) - 700, 3, Math.Log(2) - 700, 3, Math.Log(5) - 700, 3, double.NegativeInfinity, 3];
        int[] times = new int[8];
        const int Combs = 1000;
        for (int comb = 0; comb < Combs; comb++)
        {
            float place = (comb + 0.5f) / Combs;
            int[] chosen = SystematicResampling.Draw(logWeights, 4, 2, 4, [place, place]);
            Assert.Equal(8, chosen.Length);
            for (int i = 0; i < 8; i++) Assert.Equal(i % 2, chosen[i] % 2);
            foreach (int place8 in chosen) times[place8]++;
            Assert.InRange(chosen.Count(i => i == 4), 2, 3);
            for (int i = 1; i < 8; i += 2) Assert.Equal(1, chosen.Count(c => c == i));
        }

        Assert.Equal([500, 1000, 1000, 1000, 2500, 1000, 0, 1000], times);
    }

    [Fact]
    public void The_loss_is_the_bound_and_the_gradient_the_bounds_in_expectation()
    {
        using CpuDevice cpu = new(1);
        using Vae vae = TinyVae.Make(cpu);
        float[] images = TinyVae.Copies([1, 0, 1], 20_000);
        (double all, double[] expected) = Gradients(0);
        (double some, double[] gradients) = Gradients(3);
        Assert.Equal(all, some, 1e-9);
        double size = Math.Sqrt(expected.Sum(g => g * g)), error = Math.Sqrt(expected.Zip(gradients, (a, b) => (a - b) * (a - b)).Sum());
        Assert.InRange(error, 1e-9, 0.03 * size);

        (double Loss, double[] Gradients) Gradients(int resampled)
        {
            using Tape tape = new(cpu);
            VaeObjective objective = new() { Samples = 10, ImportanceWeighted = true, Resampled = resampled, Beta = 0.7 };
            VaeLosses losses = vae.Losses(Tensor.From(images, [20_000, 3]).Cast(DType.Float64), objective, new RandomStream(5));
            return (losses.Loss.Item(), [.. tape.Gradients(losses.Loss, vae.Parameters).SelectMany(g => g.ToDoubles())]);
        }
    }
}
