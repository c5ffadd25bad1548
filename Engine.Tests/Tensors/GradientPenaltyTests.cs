using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Tests.Operations;

namespace Engine.Tests.Tensors;

/// <summary>The penalty of WGAN-GP: a gradient that is part of the loss, and differentiated again.</summary>
public sealed class GradientPenaltyTests : IDisposable
{
    private readonly CpuDevice _cpu = new(1);

    public void Dispose() => _cpu.Dispose();

    [Fact]
    public void The_penalty_reaches_the_critics_weights_as_differences_say()
    {
        using Sequential critic = Critic();
        double[] x = Draws.Any(new Random(3), 4 * 3);
        double[][] gradients;
        using (Tape tape = new(_cpu)) gradients =
            Array.ConvertAll(tape.Gradients(Penalty(tape, critic, x), critic.Parameters), g => g.ToDoubles());

        const double Step = 1e-5;
        for (int p = 0; p < gradients.Length; p++)
        {
            Storage storage = critic.Parameters[p].Storage;
            for (int i = 0; i < storage.Length; i++)
            {
                double center = storage.AsSpan<double>()[i];
                storage.AsSpan<double>()[i] = center + Step;
                double above = Value(critic, x);
                storage.AsSpan<double>()[i] = center - Step;
                double below = Value(critic, x);
                storage.AsSpan<double>()[i] = center;
                Assert.Equal((above - below) / (2 * Step), gradients[p][i], 1e-8);
            }
        }

        // The first weight is reached, which a forgotten graph would leave at zero.
        Assert.Contains(gradients[0], g => Math.Abs(g) > 1e-3);
    }

    [Fact]
    public void Without_a_graph_of_the_inner_gradient_the_loss_is_refused()
    {
        using Sequential critic = Critic();
        using Tape tape = new(_cpu);
        Tensor x = tape.Watch(Tensor.From(Draws.Any(new Random(3), 12), [4, 3]));
        Tensor score = critic.Forward(x).Sum();
        Tensor loss = score + tape.Gradient(score, x).Square().Sum();
        Assert.Throws<InvalidOperationException>(() => tape.Gradients(loss, critic.Parameters));
    }

    private Sequential Critic()
    {
        ModuleOptions options = new(new RandomStream(11), _cpu, DType.Float64);
        return new(new Linear(3, 5, options), new Tanh(), new Linear(5, 4, options), new LeakyRelu(0.2), new Linear(4, 1, options));
    }

    private double Value(Sequential critic, double[] x)
    {
        using Tape tape = new(_cpu);
        return Penalty(tape, critic, x).Item();
    }

    /// <summary>mean over samples of (|dD/dx| - 1)²</summary>
    private static Tensor Penalty(Tape tape, Sequential critic, double[] values)
    {
        Tensor x = tape.Watch(Tensor.From(values, [4, 3]));
        Tensor gradient = tape.Gradient(critic.Forward(x).Sum(), x, createGraph: true);
        return (gradient.Square().Sum(-1).Sqrt() - 1).Square().Mean();
    }
}
