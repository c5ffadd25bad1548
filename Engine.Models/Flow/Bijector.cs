using Engine.Autograd;
using Engine.Autograd.Bijections;

namespace Engine.Models.Flow;

/// <summary>
/// What a coupling or an autoregressive flow does to each element, given that element's parameters from a network (the transformer of
/// Papamakarios et al. 2019, arXiv:1912.02762).
/// </summary>
public abstract class Bijector
{
    /// <summary>Parameters of one element.</summary>
    public abstract int Parameters { get; }

    /// <summary>The result and its log-determinant.</summary>
    /// <param name="x">[batch, n].</param>
    /// <param name="parameters">[batch, n <see cref="Parameters"/>].</param>
    public abstract Transformed Apply(Tensor x, Tensor parameters);

    /// <summary>The inverse and its log-determinant.</summary>
    /// <param name="z">[batch, n].</param>
    /// <param name="parameters">[batch, n <see cref="Parameters"/>].</param>
    public abstract Transformed Invert(Tensor z, Tensor parameters);

    /// <summary>Parameters as <see cref="Apply"/> takes them, from one row of all elements for each parameter.</summary>
    /// <param name="parameters">[batch, <see cref="Parameters"/>, n].</param>
    public virtual Tensor Arranged(Tensor parameters) => parameters.Reshape(parameters.Shape[0], -1);
}
