using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

public sealed class GanObjectiveTests : IsolatedTests
{
    private static readonly float[] s_real = [-3, 0, 0.5f, 4], s_generated = [2, -1, 0, -6];

    [Fact]
    public void Losses_from_logits_and_from_probabilities_are_those_of_the_paper()
    {
        using Tape tape = new(Cpu);
        Tensor real = Tensor.From(s_real, [4, 1]), generated = Tensor.From(s_generated, [4, 1]);

        // -mean(log sigmoid(x)) - mean(log(1 - sigmoid(y))), and -mean(log sigmoid(y)), by the plain formula
        double ofReal = s_real.Average(x => Math.Log(1 + Math.Exp(-x)));
        double ofGenerated = s_generated.Average(x => Math.Log(1 + Math.Exp(x)));
        double fooled = s_generated.Average(x => Math.Log(1 + Math.Exp(-x)));

        NonSaturatingObjective logits = new(), probabilities = new() { FromProbabilities = true };
        Assert.Equal(ofReal + ofGenerated, logits.DiscriminatorLoss(real, generated).Item(), 1e-6);
        Assert.Equal(ofReal + ofGenerated, probabilities.DiscriminatorLoss(real.Sigmoid(), generated.Sigmoid()).Item(), 1e-6);
        Assert.Equal(fooled, logits.GeneratorLoss(generated).Item(), 1e-6);
        Assert.Equal(fooled, probabilities.GeneratorLoss(generated.Sigmoid()).Item(), 1e-6);
    }

    [Fact]
    public void The_discriminators_loss_is_weighted_and_the_generators_is_not()
    {
        using Tape tape = new(Cpu);
        Tensor real = Tensor.From(s_real, [4, 1]), generated = Tensor.From(s_generated, [4, 1]);
        NonSaturatingObjective whole = new(), half = new() { DiscriminatorWeight = 0.5 };
        Assert.Equal(0.5 * whole.DiscriminatorLoss(real, generated).Item(), half.DiscriminatorLoss(real, generated).Item(), 1e-7);
        Assert.Equal(whole.GeneratorLoss(generated).Item(), half.GeneratorLoss(generated).Item());
    }

    [Fact]
    public void A_small_network_that_gives_logits_trains()
    {
        using CpuDevice device = new(2);
        ModuleOptions options = ModuleOptions.FromSeed(7, device);
        Sequential generator = new(new Linear(8, 32, options), new Relu(), new Linear(32, 16, options), new Tanh());
        Sequential discriminator = new(new Linear(16, 32, options), new Relu(), new Linear(32, 1, options));
        using Gan gan = new(generator, discriminator, latent: 8, options,
            new GanOptions { Objective = new NonSaturatingObjective { DiscriminatorWeight = 0.5 }, LearningRate = 2e-3 });
        float[] real = [.. Enumerable.Range(0, 32 * 16).Select(i => i % 2 == 0 ? 1f : -1f)];
        GanLosses first = gan.Step(real, [32, 16]), last = default;
        for (int i = 0; i < 40; i++) last = gan.Step(real, [32, 16]);

        // At the beginning both are undecided: log 2 each. Samples that all look alike are soon told from generated ones.
        Assert.InRange(first.Discriminator.Value, 0.6, 0.8);
        Assert.InRange(first.Generator.Value, 0.6, 0.8);
        Assert.True(double.IsFinite(last.Generator));
        Assert.True(last.Discriminator < 0.9 * first.Discriminator,
            $"The discriminator's loss should fall from {first.Discriminator}, found {last.Discriminator}.");
    }

    [Fact]
    public void Steps_leave_no_memory_in_use()
    {
        ModuleOptions options = ModuleOptions.FromSeed(7, Cpu);
        Sequential generator = new(new Linear(8, 16, options));
        Sequential discriminator = new(new Linear(16, 4, options), new Relu(), new Linear(4, 1, options));
        using Gan gan = new(generator, discriminator, latent: 8, options);
        gan.Step(new float[32 * 16], [32, 16]);
        long before = Cpu.MemoryInUse;
        for (int i = 0; i < 10; i++) gan.Step(new float[32 * 16], [32, 16]);
        Assert.Equal(before, Cpu.MemoryInUse);
    }
}
