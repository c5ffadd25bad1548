using Engine.Models.Variational.Quantized;
using Engine.Tests.Gpu;

namespace Engine.Tests.Variational;

/// <summary>Priors and two levels of latents with the kernels of a GPU.</summary>
[Collection("simulator")]
public sealed class VariationalSimulatorTests : IsolatedTests
{
    [Fact]
    public void Two_levels_with_a_learned_prior_have_the_gradients_of_the_host() =>
        Closeness.Near(Gradients(Cpu), Gradients(KernelDevice.Shared), 1e-9);

    [Fact]
    public void Codes_have_the_gradients_and_the_averages_of_the_host() =>
        Closeness.Near(Quantized(Cpu), Quantized(KernelDevice.Shared), 1e-9);

    private static double[] Quantized(Device device)
    {
        using VqVae vae = VqVaeTests.Make(device, "Bernoulli", "Averages");
        using Tape tape = new(device);
        VqVaeLosses losses = vae.Losses(VqVaeTests.Batch("Bernoulli"));
        return [
            losses.Loss.Item(), vae.Quantizer.Perplexity(losses.Codes).Item(), .. vae.Quantizer.Codebook.ToDoubles(),
            .. tape.Gradients(losses.Loss, vae.Parameters).SelectMany(gradient => gradient.ToDoubles()),
        ];
    }

    private static double[] Gradients(Device device)
    {
        using HierarchicalVae vae = HierarchicalVaeTests.Make(device, isLearned: true, latent: 1, out _);
        using Tape tape = new(device);
        Tensor loss = vae.Losses(HierarchicalVaeTests.Images(), new VaeObjective(), new RandomStream(7)).Loss;
        return [loss.Item(), .. tape.Gradients(loss, vae.Parameters).SelectMany(gradient => gradient.ToDoubles())];
    }
}
