namespace Engine.Tests.Tensors;

/// <summary>The penalty of WGAN-GP: a gradient that is part of the loss, and differentiated again.</summary>
public sealed class GradientPenaltyTests : IsolatedTests
{
    [Fact]
    public void The_penalty_reaches_the_critics_weights_as_differences_say()
    {
        using Sequential critic = Critic();
        double[] x = Draws.Any(new Random(3), 4 * 3);
        double[][] gradients = Differences.AtElements(
            critic, () => Penalty(Tape.Current!, critic, x), 1e-8, length => Enumerable.Range(0, length));

        // The first weight is reached, which a forgotten graph would leave at zero.
        Assert.Contains(gradients[0], g => Math.Abs(g) > 1e-3);
    }

    [Fact]
    public void Without_a_graph_of_the_inner_gradient_the_loss_is_refused()
    {
        using Sequential critic = Critic();
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.From(Draws.Any(new Random(3), 12), [4, 3]));
        Tensor score = critic.Forward(x).Sum();
        Tensor loss = score + tape.Gradient(score, x).Square().Sum();
        Assert.Throws<InvalidOperationException>(() => tape.Gradients(loss, critic.Parameters));
    }

    private Sequential Critic()
    {
        ModuleOptions options = new(new RandomStream(11), Cpu, DType.Float64);
        return new(new Linear(3, 5, options), new Tanh(), new Linear(5, 4, options), new LeakyRelu(0.2), new Linear(4, 1, options));
    }

    /// <summary>mean over samples of (|dD/dx| - 1)²</summary>
    private static Tensor Penalty(Tape tape, Sequential critic, double[] values)
    {
        Tensor x = tape.Watch(Tensor.From(values, [4, 3]));
        Tensor gradient = tape.Gradient(critic.Forward(x).Sum(), x, createGraph: true);
        return (gradient.Square().Sum(-1).Sqrt() - 1).Square().Mean();
    }
}
