using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Models.Flow;

namespace Engine.Bench.Steps;

/// <summary>
/// Eight affine couplings of even and odd elements. Networks of all elements would see zeros for one half, and what they say of that half
/// would not be used: those weights get no gradient, ever. Networks of half of the inputs and outputs are the same function with the same
/// training of all weights that count.
/// </summary>
internal sealed class RealNvpStep : ITrainingStep
{
    private const int Couplings = 8;
    private readonly int _batch, _elements;
    private readonly BatchPool _points;
    private readonly Device _device;
    private readonly NormalizingFlow _flow;
    private readonly Adam _optimizer;

    private RealNvpStep(Device device, int elements, int hidden, int batch)
    {
        (_device, _elements, _batch) = (device, elements, batch);
        _points = new BatchPool(batch * elements, 0);
        ModuleOptions options = ModuleOptions.FromSeed(1, device);

        // As wide as a layer of all inputs draws them.
        Initializer first = Initializers.Uniform(-1 / Math.Sqrt(elements), 1 / Math.Sqrt(elements));
        Module[] networks = [.. Enumerable.Range(0, Couplings).Select(_ => new Sequential(
            new Linear(elements / 2, hidden, options, weightInitializer: first, biasInitializer: first), new Relu(),
            new Linear(hidden, hidden, options), new Relu(), new Linear(hidden, elements, options)))];
        _flow = new NormalizingFlow(new CouplingChain(networks, new AffineBijector(1)), BaseDistribution.Gaussian, [elements]);
        _optimizer = new Adam(_flow.Parameters, 1e-4);
    }

    /// <summary>Images of 784 pixels, networks 512 wide, a batch of 64.</summary>
    internal static RealNvpStep Images(Device device) => new(device, 784, 512, 64);

    /// <summary>Points of the plane, networks 128 wide, a batch of 256.</summary>
    internal static RealNvpStep Plane(Device device) => new(device, 2, 128, 256);

    public double[] Step()
    {
        using Tape tape = new(_device);
        Tensor loss = -_flow.LogDensity(Tensor.From(_points.Next(), [_batch, _elements])).Mean();
        _optimizer.Step(tape.Gradients(loss, _flow.Parameters));
        return [loss.Item()];
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _flow.Dispose();
    }
}
