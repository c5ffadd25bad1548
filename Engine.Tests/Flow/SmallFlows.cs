using Engine.Kernels.Flows;
using Engine.Models.Autoregressive;
using Engine.Models.Flow;

namespace Engine.Tests.Flow;

/// <summary>Every transform, small, and compositions of them, with parameters that are not those of the identity.</summary>
internal static class SmallFlows
{
    private static readonly Dictionary<string, (Shape Example, Func<ModuleOptions, FlowTransform> Make)> s_all = new()
    {
        ["additive couplings and a scale (NICE)"] =
            ([6], o => new Composition(new CouplingChain(Networks(4, 3, 3, o), new AdditiveBijector()), new DiagonalScaling(6, o))),
        ["affine couplings of even and odd (RealNVP)"] = ([6], o => new CouplingChain(Networks(4, 3, 6, o), new AffineBijector(2))),
        ["affine couplings of unequal halves"] =
            ([5], o => new CouplingChain([Net(2, 6, o), Net(3, 4, o)], new AffineBijector(null), Partition.Halves)),
        ["spline couplings"] = (
            [4], o => new CouplingChain(Networks(3, 2, 28, o), new SplineBijector(new SplineShape(5, 3)), Partition.Halves)),
        ["checkerboard couplings"] = ([4, 4, 2], o => new Composition(
            new MaskedImageCoupling(new GatedConvolutions(2, 3, 4, 1, o), 4, 4, 2, true, o),
            new MaskedImageCoupling(new GatedConvolutions(2, 3, 4, 1, o), 4, 4, 2, false, o))),
        ["channel couplings"] = ([2, 3, 4], o => new Composition(
            new ChannelCoupling(new GatedConvolutions(2, 3, 4, 1, o), 4, true, o),
            new ChannelCoupling(new GatedConvolutions(2, 3, 4, 1, o), 4, false, o))),
        ["squeeze"] = ([4, 2, 3], _ => new Squeeze()),
        ["squeeze in the order of a checkerboard"] = ([4, 4, 2], _ => new Squeeze(checkerboard: true)),
        ["squeezed couplings"] = ([4, 2, 1], o => new Squeezed(new Composition(
            new ChannelCoupling(new GatedConvolutions(2, 3, 4, 1, o), 4, true, o),
            new ChannelCoupling(new GatedConvolutions(2, 3, 4, 1, o), 4, false, o)))),
        ["actnorm"] = ([2, 2, 3], o => new ActNorm(3, o)),
        ["invertible convolution"] = ([2, 2, 5], o => new InvertibleConvolution(5, o)),
        ["Glow in two scales with a learned prior"] = ([4, 4, 1], o => new MultiScale(
            [
                new Composition(new Squeeze(), new ActNorm(4, o), new InvertibleConvolution(4, o),
                    new ChannelCoupling(new GatedConvolutions(2, 3, 4, 1, o), 4, false, o)),
                new Composition(new Squeeze(), new InvertibleConvolution(8, o)),
            ],
            [4, 4, 1], [new Conv2d(2, 4, 3, o, padding: ConvPadding.Same)])),
        ["logit"] = ([2, 2, 1], _ => new LogitTransform(0.01)),
        ["masked autoregressive, affine (MAF)"] = ([4], o => new MaskedAutoregressive(Made(4, 2, o), new AffineBijector(2))),
        ["masked autoregressive, splines"] =
            ([3], o => new MaskedAutoregressive(Made(3, 11, o), new SplineBijector(new SplineShape(4, 3)))),
        ["inverse autoregressive (IAF)"] = ([4], o => new Inverted(new MaskedAutoregressive(Made(4, 2, o), new AffineBijector(2)))),
    };

    internal static TheoryData<string> Names => [.. s_all.Keys];

    /// <summary>The shape of one example.</summary>
    internal static Shape Example(string name) => s_all[name].Example;

    /// <summary>Makes one, and moves its parameters away from where they begin.</summary>
    internal static FlowTransform Make(string name, DType type, Device device)
    {
        ModuleOptions options = ModuleOptions.FromSeed(7, device) with { DType = type };
        FlowTransform flow = s_all[name].Make(options);
        Disturb(flow.Parameters, 0.3, seed: 3);
        return flow;
    }

    /// <summary>Adds normal numbers to parameters.</summary>
    internal static void Disturb(IEnumerable<Parameter> parameters, double deviation, int seed)
    {
        Random random = new(seed);
        foreach (Parameter parameter in parameters)
            parameter.Set([.. parameter.ToDoubles().Select(value => (float)(value + (deviation * Projection.Normal(1, random)[0])))]);
    }

    /// <summary>Examples where the transform is defined: pixels for the logit, numbers about 0 for the others.</summary>
    internal static double[] Draw(string name, int count)
    {
        Random random = new(5);
        return [.. Enumerable.Range(0, count * Example(name).Count)
            .Select(_ => name == "logit" ? 0.02 + (0.96 * random.NextDouble()) : Projection.Normal(1, random)[0])];
    }

    internal static Tensor Tensor(double[] values, Shape shape, DType type) =>
        type == DType.Float64 ? Autograd.Tensor.From(values, shape) : Autograd.Tensor.From(Array.ConvertAll(values, v => (float)v), shape);

    private static Sequential Net(int inputs, int outputs, ModuleOptions options) =>
        new(new Linear(inputs, 8, options), new Tanh(), new Linear(8, outputs, options));

    private static Module[] Networks(int count, int inputs, int outputs, ModuleOptions options) =>
        [.. Enumerable.Range(0, count).Select(_ => Net(inputs, outputs, options))];

    private static MaskedNetwork Made(int dimensions, int parameters, ModuleOptions options) =>
        new(new AutoregressiveMasks(AutoregressiveMasks.Reversed(dimensions), [12]), options, parameters, Activation.Tanh);
}
