using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

/// <summary>
/// Penalties on the gradient of a critic, in float64: their values beside central differences of the score, their gradients by the weights,
/// which are of second order, beside central differences of the penalty.
/// </summary>
public sealed class GradientPenaltyTests : IsolatedTests
{
    private const int Samples = 4;

    public static TheoryData<string, string, int> Cases
    {
        get
        {
            TheoryData<string, string, int> cases = [];
            foreach (string critic in (string[])["mlp", "conv"])
                foreach (string penalty in (string[])["two-sided", "one-sided", "R1", "R2"])
                    foreach (int packing in (int[])[1, 2]) cases.Add(critic, penalty, packing);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Values_and_gradients_are_those_of_central_differences(string critic, string penalty, int packing)
    {
        using Module network = Critic(critic, packing, Cpu);
        (double[] real, double[] fake, Shape shape) = Data(critic);
        double[] at = penalty switch { "R1" => real, "R2" => fake, _ => Between(real, fake, packing) };
        double[] squares = SquaredNorms(network, at, shape, packing);
        double expected = penalty switch
        {
            "two-sided" => 10 * squares.Average(square => Math.Pow(Math.Sqrt(square) - 1, 2)),
            "one-sided" => 10 * squares.Average(square => Math.Pow(Math.Max(0, Math.Sqrt(square) - 1), 2)),
            _ => 10.0 / 2 * squares.Average(),
        };
        using (Tape tape = new(Cpu)) Assert.Equal(expected, Value(network, penalty, packing, Data(critic)).Item(), 1e-7 * (1 + expected));
        Differences.AlongDirections(network, () => Value(network, penalty, packing, Data(critic)), 1e-6);
    }

    [Fact]
    public void They_share_the_pass_of_the_objective()
    {
        using Module network = Critic("mlp", 1, Cpu);
        (double[] real, double[] fake, Shape shape) = Data("mlp");
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.From(real, shape)), g = tape.Watch(Tensor.From(fake, shape));
        Discriminator d = new(network, new(1));
        Tensor scores = d.Scores(x);
        Assert.Same(scores, d.Scores(x));
        new R1Regularizer().Penalty(d, x, g, null);
        Assert.Same(scores, d.Scores(x));
    }

    [Fact]
    public void A_gradient_of_zero_is_penalised_without_NaN()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Sequential flat = new(new Linear(2, 1, options, bias: true, Initializers.Zeros));
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([3, 2]);
        Tensor loss = new GradientPenalty(10).Penalty(new Discriminator(flat, new(1)), x, x + 1, null);
        Assert.Equal(10, loss.Item(), 1e-6);
        Assert.All(tape.Gradients(loss, flat.Parameters), gradient => Assert.All(gradient.ToArray(), g => Assert.True(float.IsFinite(g))));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using Module network = Critic("mlp", 1, Cpu);
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([4, 3], DType.Float64), other = Tensor.Ones([3, 3], DType.Float64);
        Discriminator d = new(network, new(1));
        Refusal.RefusedWith("InputGradients: expected samples that the tape watches, found Float64 [4, 3]",
            () => new R1Regularizer().Penalty(d, x, x, null));
        Refusal.RefusedWith("GradientPenalty: expected real and generated samples of one shape and type, found Float64 [4, 3]",
            () => new GradientPenalty().Penalty(d, x, other, null));
        foreach (double weight in (double[])[-1, double.NaN, double.PositiveInfinity])
        {
            Refuses("GradientPenalty: expected a finite weight of at least 0", () => _ = new GradientPenalty(weight));
            Refuses("R1Regularizer: expected a finite weight of at least 0", () => _ = new R1Regularizer(weight));
            Refuses("R2Regularizer: expected a finite weight of at least 0", () => _ = new R2Regularizer(weight));
        }

        static void Refuses(string start, Action attempt) => Refusal.RefusedWith<ArgumentOutOfRangeException>(start, attempt);
    }

    private static Tensor Value(Module network, string penalty, int packing, (double[] Real, double[] Fake, Shape Shape) data)
    {
        Tape tape = Tape.Current!;
        Tensor real = tape.Watch(Tensor.From(data.Real, data.Shape)), fake = tape.Watch(Tensor.From(data.Fake, data.Shape));
        IDiscriminatorRegularizer regularizer = penalty switch
        {
            "two-sided" => new GradientPenalty(10), "one-sided" => new GradientPenalty(10, oneSided: true),
            "R1" => new R1Regularizer(10), _ => new R2Regularizer(10),
        };
        return regularizer.Penalty(new Discriminator(network, new(7)) { Packing = packing }, real, fake, null);
    }

    /// <summary>A penalty and its gradients by the weights of a critic.</summary>
    internal static double[] Gradients(string critic, string penalty, Device device)
    {
        using Module network = Critic(critic, 1, device);
        using Tape tape = new(device);
        Tensor value = Value(network, penalty, 1, Data(critic));
        return [value.Item(), .. tape.Gradients(value, network.Parameters).SelectMany(gradient => gradient.ToDoubles())];
    }

    /// <summary>The places between real and generated samples, with the draws of the penalty's own stream.</summary>
    private double[] Between(double[] real, double[] fake, int packing)
    {
        int rows = Samples / packing, width = real.Length / rows;
        using Tape tape = new(Cpu);
        double[] e = Tensor.Uniform([rows, 1], new(7), dtype: DType.Float64).ToDoubles();
        return [.. real.Select((x, i) => (e[i / width] * x) + ((1 - e[i / width]) * fake[i]))];
    }

    /// <summary>The squared norm of the gradient of each score.</summary>
    private double[] SquaredNorms(Module network, double[] at, Shape shape, int packing)
    {
        int rows = Samples / packing, width = at.Length / rows;
        double[] squares = new double[rows];
        for (int i = 0; i < at.Length; i++)
        {
            double slope = (Score(i, 1e-5) - Score(i, -1e-5)) / 2e-5;
            squares[i / width] += slope * slope;
        }

        return squares;

        double Score(int place, double step)
        {
            using Tape tape = new(Cpu, record: false);
            double[] moved = [.. at];
            moved[place] += step;
            return new Discriminator(network, new(1)) { Packing = packing }.Scores(Tensor.From(moved, shape)).ToDoubles()[place / width];
        }
    }

    private static Module Critic(string name, int packing, Device device)
    {
        ModuleOptions options = ModuleOptions.FromSeed(5, device) with { DType = DType.Float64 };
        Initializer normal = Initializers.Normal(0, 1);
        return name == "mlp"
            ? new Sequential(
                new Linear(3 * packing, 5, options, bias: true, normal), new Tanh(),
                new Linear(5, 4, options, bias: true, normal), new LeakyRelu(0.2), new Linear(4, 1, options))
            : new Sequential(
                new Conv2d(packing, 3, 3, options, stride: 2, ConvPadding.Same, weightInitializer: normal), new Softplus(),
                new Conv2d(3, 2, 3, options, stride: 1, ConvPadding.Same, weightInitializer: normal), new Tanh(),
                new Flatten(), new Linear(8, 1, options, bias: true, normal));
    }

    private static (double[] Real, double[] Fake, Shape Shape) Data(string critic)
    {
        Shape shape = critic == "mlp" ? [Samples, 3] : [Samples, 4, 4, 1];
        Random random = new(3);
        double[] real = [.. Enumerable.Range(0, shape.Count).Select(_ => random.NextDouble() - 0.5)];
        return (real, [.. real.Select(_ => (2 * random.NextDouble()) - 0.5)], shape);
    }
}
