using Engine.Autograd.Nn;
using Engine.Models.Autoregressive;
using Engine.Models.Data;

namespace Engine.Models.Flow;

/// <summary>The flows of points of the plane.</summary>
public static class PlaneFlows
{
    /// <summary>
    /// Their names: couplings, masked autoregressive (Papamakarios et al. 2017, arXiv:1705.07057), inverse autoregressive (Kingma et al.
    /// 2016, arXiv:1606.04934).
    /// </summary>
    public static IReadOnlyList<string> Names { get; } = ["couplings", "maf", "iaf"];

    /// <summary>Creates a flow with Gaussian latents, whose networks begin with outputs of zero.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="layers">Layers, at least 1, which change one coordinate (couplings) or both in turns of their order.</param>
    /// <param name="hidden">Width of the two hidden layers of each network, at least 1.</param>
    /// <param name="bijector">What is done to a coordinate.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">There is no such flow.</exception>
    /// <exception cref="DataException">The density has no gradient: that of an inverse autoregressive flow goes through the inverse of its
    /// bijector, and that of a spline has none.</exception>
    public static NormalizingFlow Make(string name, int layers, int hidden, Bijector bijector, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(bijector);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        if (name == "iaf" && bijector is SplineBijector) throw new DataException(
            "The density of an inverse autoregressive flow takes the inverse of its bijector, which has no gradient for splines: "
            + "expected affine, found spline.");
        IEnumerable<int> all = Enumerable.Range(0, layers);
        FlowTransform transform = name switch
        {
            "couplings" => new CouplingChain(
                [.. all.Select(_ => ImageFlows.Dense(1, hidden, 2, bijector.Parameters, options))], bijector, Partition.Halves),
            "maf" => new Composition([.. all.Select(Autoregressive)]),
            "iaf" => new Composition([.. all.Select(layer => new Inverted(Autoregressive(layer)))]),
            _ => throw new ArgumentException($"There is no flow '{name}': expected one of {string.Join(", ", Names)}."),
        };
        return new NormalizingFlow(transform, BaseDistribution.Gaussian, [2]);

        // x first, then y given x; in the next layer the other way round.
        FlowTransform Autoregressive(int layer)
        {
            int[] order = layer % 2 == 0 ? AutoregressiveMasks.Natural(2) : AutoregressiveMasks.Reversed(2);
            return new MaskedAutoregressive(
                new MaskedNetwork(new AutoregressiveMasks(order, [hidden, hidden]), options, bijector.Parameters, zeroOutput: true),
                bijector);
        }
    }
}
