using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Comparison;

/// <summary>
/// A contestant with one loss: Adam with gradients clipped to norm 1, and a moving average of the weights that samples and likelihoods are
/// taken from. All of them train alike.
/// </summary>
/// <param name="network">What is trained.</param>
/// <param name="options">Device and randomness.</param>
public abstract class LikelihoodContestant(Module network, ModuleOptions options) : Contestant
{
    private readonly Adam _adam = new(network.Parameters, 1e-3);
    private readonly ExponentialMovingAverage _average = new(network, 0.999, warmUp: true);

    /// <inheritdoc/>
    public override long ParameterCount => network.ParameterCount;

    /// <inheritdoc/>
    protected override Device Device { get; } = options.Device ?? Device.Default;

    /// <summary>Where the randomness of training comes from.</summary>
    protected RandomStream Random { get; } = options.Random;

    /// <inheritdoc/>
    public override void VisitState(StateVisitor visitor)
    {
        base.VisitState(visitor);
        visitor.Part("network", network);
        visitor.Part("adam", _adam);
        visitor.Part("average", _average);
        visitor.Random("random", Random);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _average.Dispose();
        _adam.Dispose();
        network.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The loss of a batch.</summary>
    /// <param name="images">[batch, 28, 28, 1] in [0, 1].</param>
    protected abstract Tensor Loss(Tensor images);

    /// <inheritdoc/>
    protected override double Train(ReadOnlySpan<float> images, Shape shape)
    {
        using Tape tape = new(Device);
        Tensor loss = Loss(Tensor.From(images, shape));
        Tensor[] gradients = tape.Gradients(loss, network.Parameters);
        GradientClipping.ByNorm(gradients, 1);
        _adam.Step(gradients);
        _average.Update();
        return loss.Item();
    }

    /// <summary>Computes with the average of the weights, and without dropout.</summary>
    /// <param name="function">What is computed.</param>
    protected T Averaged<T>(Func<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        using IDisposable used = _average.Use();
        network.Eval();
        try
        {
            return function();
        }
        finally
        {
            network.Train();
        }
    }
}
