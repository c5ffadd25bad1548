using Engine.Kernels;

namespace Engine.Autograd;

// Weights as functions of others: what the layers SpectralNorm and WeightNorm compute.
public partial class Tensor
{
    /// <summary>
    /// g v / |v| of this tensor v, with a length of v for each output (Salimans and Kingma 2016, arXiv:1602.07868).
    /// </summary>
    /// <param name="magnitude">g: one element for each output.</param>
    /// <param name="outputAxis">The axis that counts the outputs; a negative one counts from the innermost.</param>
    /// <exception cref="ArgumentException">The magnitude is not of the shape [outputs], there is nothing to measure, or types
    /// differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public Tensor WeightNorm(Tensor magnitude, int outputAxis = -1)
    {
        ArgumentNullException.ThrowIfNull(magnitude);
        Autograd.Tape.OpenFloating(nameof(WeightNorm), this, magnitude);
        outputAxis = Axis(nameof(WeightNorm), outputAxis);
        if (magnitude.Shape != new Shape(Shape[outputAxis]) || Count == 0) throw new ArgumentException(
            $"WeightNorm: expected a weight with elements and a magnitude of shape [{Shape[outputAxis]}], found {Shape} and "
            + $"{magnitude.Shape}.");

        int[] others = AxesBut(outputAxis), extents = [.. Enumerable.Repeat(1, Shape.Rank)];
        extents[outputAxis] = Shape[outputAxis];
        Shape kept = new(extents);

        // v / |v| is the same for v over its largest element, which is near 1 however large or small v is. With one axis alone each
        // element is its own direction.
        Tensor constant = Detach().Abs();
        Tensor scaled = this / (others.Length == 0 ? constant : constant.Max(others).Reshape(kept));
        Tensor length = others.Length == 0 ? scaled.Abs() : scaled.Norm(others).Reshape(kept);
        return scaled / length * magnitude.Reshape(kept);
    }

    /// <summary>
    /// W / sigma of this tensor W, with sigma = v^T M u, where M is W as a matrix with a column for each output: its largest singular
    /// value, where u and v are the singular vectors that belong to it (Miyato et al. 2018, arXiv:1802.05957). They are constants of the
    /// gradient: of first order in their error, sigma does not depend on them.
    /// </summary>
    /// <param name="u">The right singular vector, [outputs].</param>
    /// <param name="v">The left singular vector: an element for each element of W that belongs to one output.</param>
    /// <param name="outputAxis">The axis that counts the outputs; a negative one counts from the innermost.</param>
    /// <exception cref="ArgumentException">The vectors do not fit, there are no elements, or types differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public Tensor SpectralNorm(Tensor u, Tensor v, int outputAxis = -1)
    {
        ArgumentNullException.ThrowIfNull(u);
        ArgumentNullException.ThrowIfNull(v);
        Autograd.Tape.OpenFloating(nameof(SpectralNorm), this, u, v);
        outputAxis = Axis(nameof(SpectralNorm), outputAxis);
        int outputs = Shape[outputAxis];
        if (Count == 0 || u.Shape != new Shape(outputs) || v.Shape != new Shape(Count / outputs)) throw new ArgumentException(
            $"SpectralNorm: expected a weight with elements and singular vectors for its outputs and for the rest, found {Shape}, "
            + $"{u.Shape} and {v.Shape}.");

        // sigma = v^T M u
        Tensor matrix = AsMatrix(outputAxis);
        Tensor sigma = v.Detach().Reshape(1, -1).MatMul(matrix).MatMul(u.Detach().Reshape(-1, 1));
        return this / sigma.Reshape(Shape.Scalar);
    }

    /// <summary>A weight as a matrix with a column for each output.</summary>
    internal Tensor AsMatrix(int outputAxis)
    {
        outputAxis = Axis(nameof(AsMatrix), outputAxis);
        Tensor last = outputAxis == Shape.Rank - 1 ? this : Permute([.. AxesBut(outputAxis), outputAxis]);
        return last.Reshape(Count / Shape[outputAxis], Shape[outputAxis]);
    }

    private int[] AxesBut(int axis) => [.. Enumerable.Range(0, Shape.Rank).Where(other => other != axis)];
}
