using Engine.Models.Adversarial.SemiSupervised;

namespace Engine.Tests.Adversarial;

/// <summary>Virtual adversarial training beside its formula.</summary>
public sealed class VirtualAdversarialLossTests : IsolatedTests
{
    // Of two classes, so that the direction which moves them most is known: along the difference of their weights.
    private static readonly double[] s_weights = [0.5, -1, 0.25, 1.5, 0.75, -0.5];
    private static readonly double[] s_x = [0.3, 0.2, -0.4, 1, 0, 0.5];

    [Fact]
    public void The_step_goes_where_the_classes_move_most()
    {
        using Tape tape = new(Cpu);
        double[] step = new VirtualAdversarialLoss(2, 1e-3).Step(Classify, X(), new RandomStream(1)).ToDoubles();
        double[] apart = [s_weights[0] - s_weights[1], s_weights[2] - s_weights[3], s_weights[4] - s_weights[5]];
        double length = Math.Sqrt(apart.Sum(w => w * w));
        for (int row = 0; row < 2; row++)
        {
            double sign = Math.Sign(step[3 * row] * apart[0]);
            for (int i = 0; i < 3; i++) Assert.Equal(sign * 2 * apart[i] / length, step[(3 * row) + i], 1e-9);
        }
    }

    [Fact]
    public void The_loss_is_the_divergence_after_the_step()
    {
        using Tape tape = new(Cpu);
        VirtualAdversarialLoss loss = new(0.7, 1e-3);
        double[] step = loss.Step(Classify, X(), new RandomStream(1)).ToDoubles();
        double[] p = Classes(s_x), q = Classes([.. s_x.Zip(step, (x, r) => x + r)]);
        double expected = p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum() / 2;
        Assert.Equal(expected, loss.Of(Classify, X(), new RandomStream(1)).Item(), 1e-12);
    }

    [Fact]
    public void Its_gradient_takes_the_step_and_the_classes_before_it_as_given()
    {
        double[] analytic, step, classes = Classes(s_x);
        VirtualAdversarialLoss loss = new(0.7, 1e-3);
        using (Tape tape = new(Cpu))
        {
            step = loss.Step(Classify, X(), new RandomStream(1)).ToDoubles();
            Tensor weights = tape.Watch(Tensor.From(s_weights, [3, 2], Cpu));
            analytic = tape.Gradient(loss.Of(x => x.MatMul(weights), X(), new RandomStream(1)), weights).ToDoubles();
        }

        const double H = 1e-5;
        for (int i = 0; i < 6; i++) Assert.Equal((At(i, H) - At(i, -H)) / (2 * H), analytic[i], 1e-8);

        double At(int of, double by)
        {
            double[] weights = [.. s_weights];
            weights[of] += by;
            double[] q = Classes([.. s_x.Zip(step, (x, r) => x + r)], weights);
            return classes.Zip(q, (a, b) => a * Math.Log(a / b)).Sum() / 2;
        }
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Where_nothing_moves_there_is_no_step(DType dtype)
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From(s_x, [2, 3], Cpu).Cast(dtype);
        VirtualAdversarialLoss loss = new(2);
        Assert.All(loss.Step(of => of * 0.0, x, new RandomStream(1)).Cast(DType.Float64).ToDoubles(), r => Assert.Equal(0, r));
        Assert.Equal(0, loss.Of(of => of * 0.0, x, new RandomStream(1)).Cast(DType.Float64).Item(), 1e-12);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(1, 0)]
    public void A_length_that_is_none_is_refused(double radius, double probe) =>
        Refusal.RefusedWith<ArgumentOutOfRangeException>("VirtualAdversarialLoss: ", () => new VirtualAdversarialLoss(radius, probe));

    private Tensor Classify(Tensor x) => x.MatMul(Tensor.From(s_weights, [3, 2], Cpu));

    private Tensor X() => Tensor.From(s_x, [2, 3], Cpu);

    private static double[] Classes(double[] x, double[]? weights = null)
    {
        double[] w = weights ?? s_weights, classes = new double[4];
        for (int row = 0; row < 2; row++)
        {
            double a = 0, b = 0;
            for (int i = 0; i < 3; i++) (a, b) = (a + (x[(3 * row) + i] * w[2 * i]), b + (x[(3 * row) + i] * w[(2 * i) + 1]));
            (classes[2 * row], classes[(2 * row) + 1]) = (1 / (1 + Math.Exp(b - a)), 1 / (1 + Math.Exp(a - b)));
        }

        return classes;
    }
}
