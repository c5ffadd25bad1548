using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Adversarial;

/// <summary>
/// A generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661): a generator that turns noise into samples, and a
/// discriminator that distinguishes them from data, each trained against the other. The generator's objective is the non-saturating one of
/// section 3.
/// </summary>
public sealed class Gan : IStateful, IDisposable
{
    private readonly Device _device;
    private readonly DType _dtype;
    private readonly RandomStream _random;
    private readonly Optimizer _generatorOptimizer;
    private readonly Optimizer _discriminatorOptimizer;

    /// <summary>Joins a generator and a discriminator.</summary>
    /// <param name="generator">G: [samples, latent] to samples.</param>
    /// <param name="discriminator">D: samples to [samples, 1], the probability that each is real, or its logit where the objective takes
    /// logits.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="options">Device, element type and random stream of the
    /// networks.</param>
    /// <param name="learningRate">Adam's learning rate, for both.</param>
    /// <param name="beta1">
    /// Adam's decay of the mean gradient, for both. Less than the usual 0.9 stabilises training, because the past of a moving
    /// opponent misleads (Radford et al. 2015, arXiv:1511.06434, section 4).
    /// </param>
    /// <param name="objective">The losses; null takes those from probabilities, real and generated added.</param>
    public Gan(
        Module generator, Module discriminator, int latent, ModuleOptions options, double learningRate = 2e-4, double beta1 = 0.5,
        GanObjective? objective = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(discriminator);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(latent, 1);
        (Generator, Discriminator, Latent) = (generator, discriminator, latent);
        _device = options.Device ?? Device.Default;
        _dtype = options.DType;
        _random = options.Random;
        Objective = objective ?? new GanObjective();
        _generatorOptimizer = new Adam(generator.Parameters, learningRate, beta1);
        _discriminatorOptimizer = new Adam(discriminator.Parameters, learningRate, beta1);
    }

    /// <summary>G.</summary>
    public Module Generator { get; }

    /// <summary>D.</summary>
    public Module Discriminator { get; }

    /// <summary>Dimensions of the noise.</summary>
    public int Latent { get; }

    /// <summary>The losses.</summary>
    public GanObjective Objective { get; }

    /// <summary>One training step: the discriminator on real and on generated samples, then the generator against it.</summary>
    /// <param name="samples">Real samples, in row-major order.</param>
    /// <param name="shape">Their shape, [samples, ...].</param>
    /// <returns>The two losses, in nats.</returns>
    public GanLosses Step(ReadOnlySpan<float> samples, Shape shape)
    {
        using Tape tape = new(_device);
        Tensor fake = Generator.Forward(Tensor.Normal([shape[0], Latent], _random, dtype: _dtype));
        Reading discriminatorLoss = DiscriminatorStep(samples, shape, fake);

        // L_G = -E[log D(G(z))], with the D that has just been updated; only G's gradients are computed
        Tensor generatorLoss = Objective.GeneratorLoss(Discriminator.Forward(fake));
        _generatorOptimizer.Step(tape.Gradients(generatorLoss, Generator.Parameters));
        return new GanLosses(discriminatorLoss, generatorLoss);
    }

    /// <summary>Noise to generate from: standard normal, [count, latent]. It belongs to no tape; dispose it when done.</summary>
    /// <param name="count">The number of samples.</param>
    public Tensor Noise(int count) => Tensor.Normal([count, Latent], _random, dtype: _dtype, device: _device);

    /// <summary>Generates a number of samples from new noise.</summary>
    /// <param name="count">The number of samples.</param>
    /// <returns>The samples, in row-major order.</returns>
    public float[] Sample(int count)
    {
        using Tensor noise = Noise(count);
        return Sample(noise);
    }

    /// <summary>Generates samples from noise, with the generator in evaluation mode meanwhile.</summary>
    /// <param name="noise">[count, latent].</param>
    /// <returns>The samples, in row-major order.</returns>
    public float[] Sample(Tensor noise)
    {
        using Tape tape = new(_device, record: false);
        using IDisposable evaluation = Generator.Evaluating();
        return Generator.Forward(noise).Cast(DType.Float32).ToArray();
    }

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("generator", Generator);
        visitor.Part("discriminator", Discriminator);
        visitor.Part("generator_optimizer", _generatorOptimizer);
        visitor.Part("discriminator_optimizer", _discriminatorOptimizer);
        visitor.Random("random", _random);
    }

    /// <summary>Releases the networks and the optimisers.</summary>
    public void Dispose()
    {
        _generatorOptimizer.Dispose();
        _discriminatorOptimizer.Dispose();
        Generator.Dispose();
        Discriminator.Dispose();
    }

    // On a tape of its own, so that what D computed is released before the generator's step begins: the two need their memory in turn.
    private Reading DiscriminatorStep(ReadOnlySpan<float> samples, Shape shape, Tensor fake)
    {
        using Tape tape = new(_device);
        Tensor real = Tensor.From(samples, shape).Cast(_dtype);

        // L_D = -E[log D(x)] - E[log(1 - D(G(z)))], with G held fixed
        Tensor loss = Objective.DiscriminatorLoss(Discriminator.Forward(real), Discriminator.Forward(fake.Detach()));
        _discriminatorOptimizer.Step(tape.Gradients(loss, Discriminator.Parameters));
        return loss;
    }
}
