using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;

namespace Engine.Models.Flow;

/// <summary>
/// Coupling layers of vectors [batch, n] (Dinh et al. 2014, arXiv:1410.8516; 2016, arXiv:1605.08803), which change one half of the elements
/// by what a network sees of the other half, alternately. The vector is divided once before the first layer and put together after the last
/// one, so that no layer computes with elements that a mask would have made zero.
/// </summary>
public sealed class CouplingChain : FlowTransform
{
    private readonly Module[] _conditioners;
    private readonly Bijector _bijector;
    private readonly Partition _partition;

    /// <summary>Creates the chain.</summary>
    /// <param name="conditioners">
    /// A network for each layer: the first takes the second half (followed by the context) and gives the parameters of the first half,
    /// the second the other way round.
    /// </param>
    /// <param name="bijector">What is done to each element.</param>
    /// <param name="partition">How the elements are divided.</param>
    /// <exception cref="ArgumentException">There is no layer.</exception>
    public CouplingChain(IReadOnlyList<Module> conditioners, Bijector bijector, Partition partition = Partition.EvenAndOdd)
    {
        if (conditioners.Count == 0) throw new ArgumentException("A chain of couplings needs at least one conditioner.");
        (_conditioners, _bijector, _partition) = ([.. conditioners], bijector, partition);
        for (int i = 0; i < _conditioners.Length; i++) AddModule(i.ToString(CultureInfo.InvariantCulture), _conditioners[i]);
    }

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        Tensor[] halves = Divide(x);
        Tensor? log = null;
        for (int i = 0; i < _conditioners.Length; i++)
        {
            Transformed changed = _bijector.Apply(halves[i % 2], ParametersFrom(i, halves, context));
            halves[i % 2] = changed.Value;
            log = log is null ? changed.LogDeterminant : log + changed.LogDeterminant;
        }

        return new(Join(halves, x), log!);
    }

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        Tensor[] halves = Divide(z);
        Tensor? log = null;
        for (int i = _conditioners.Length - 1; i >= 0; i--)
        {
            Transformed changed = _bijector.Invert(halves[i % 2], ParametersFrom(i, halves, context));
            halves[i % 2] = changed.Value;
            log = log is null ? changed.LogDeterminant : log + changed.LogDeterminant;
        }

        return new(Join(halves, z), log!);
    }

    private Tensor ParametersFrom(int layer, Tensor[] halves, Tensor? context)
    {
        (Tensor changed, Tensor seen) = (halves[layer % 2], halves[1 - (layer % 2)]);
        Tensor parameters = _conditioners[layer].Forward(context is null ? seen : Tensor.Concat(-1, seen, context));
        int expected = changed.Shape[-1] * _bijector.Parameters;
        return parameters.Shape == changed.Shape.With(-1, expected)
            ? parameters
            : throw new InvalidOperationException(
                $"Conditioner {layer} of the chain must give [{changed.Shape[0]}, {expected}], gave {parameters.Shape}.");
    }

    private Tensor[] Divide(Tensor x)
    {
        if (x.Shape.Rank != 2 || x.Shape[1] < 2) throw new ArgumentException(
            $"A chain of couplings takes vectors [batch, n] of at least two elements, found {x.Shape}.");
        (int batch, int n) = (x.Shape[0], x.Shape[1]);
        if (_partition == Partition.Halves) return [x.Slice(1, 0, n - (n / 2)), x.Slice(1, n - (n / 2), n / 2)];
        if (n % 2 != 0) throw new ArgumentException($"Even and odd elements must be equally many, found {n} elements.");
        Tensor apart = x.Reshape(batch * (n / 2), 2).Transpose();
        return [apart.Slice(0, 0, 1).Reshape(batch, n / 2), apart.Slice(0, 1, 1).Reshape(batch, n / 2)];
    }

    private Tensor Join(Tensor[] halves, Tensor like)
    {
        if (_partition == Partition.Halves) return Tensor.Concat(1, halves);
        int count = halves[0].Count;
        return Tensor.Concat(0, halves[0].Reshape(1, count), halves[1].Reshape(1, count)).Transpose().Reshape(like.Shape);
    }
}

/// <summary>How the elements of a vector are divided into two halves.</summary>
public enum Partition
{
    /// <summary>The first half and the second; with an odd number of elements the first has one more.</summary>
    Halves,

    /// <summary>Elements 0, 2, 4, ... and elements 1, 3, 5, ...; their number must be even.</summary>
    EvenAndOdd,
}
