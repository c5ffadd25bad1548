using Engine.Models.Adversarial.Residual;
using Engine.Tests.Adversarial.Residual;

namespace Engine.Tests.Adversarial;

/// <summary>Objectives, penalties and clipping with the kernels of a GPU.</summary>
[Collection("simulator")]
public sealed class AdversarialSimulatorTests : IsolatedTests
{
    [Theory, Values("non-saturating", "hinge", "relativistic")]
    public void Objectives_are_those_of_the_formula(string name)
    {
        using Device device = KernelDevice.Open();
        ObjectiveTests.Check(name, device, DType.Float64, 1e-8);
    }

    [Theory, Values("mlp", "conv")]
    public void Gradient_penalties_are_those_of_the_host(string critic)
    {
        using Device device = KernelDevice.Open();
        double[] expected = GradientPenaltyTests.Gradients(critic, "two-sided", Cpu);
        Closeness.Near(expected, GradientPenaltyTests.Gradients(critic, "two-sided", device), 1e-10);
    }

    [Fact]
    public void Weights_are_clipped()
    {
        using Device device = KernelDevice.Open();
        RegularizerTests.CheckClipping(device).Dispose();
    }

    [Fact]
    public void Attention_of_images_is_that_of_the_host()
    {
        using Device device = KernelDevice.Open();
        Closeness.Near(Attended(Cpu), Attended(device), 1e-12);

        static double[] Attended(Device device)
        {
            using SelfAttentionBlock block = new(2, ModuleOptions.FromSeed(3, device) with { DType = DType.Float64 });
            ResidualBlockTests.Random(block);
            using Tape tape = new(device);
            Tensor x = Tensor.Normal([1, 2, 4, 2], new(1), dtype: DType.Float64), y = block.Forward(x);
            return [.. y.ToDoubles(), .. tape.Gradients(y.Square().Sum(), block.Parameters).SelectMany(gradient => gradient.ToDoubles())];
        }
    }
}
