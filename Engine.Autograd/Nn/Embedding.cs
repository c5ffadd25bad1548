namespace Engine.Autograd.Nn;

/// <summary>
/// A table of vectors, of which int32 indices pick rows: [...] to [..., width]. The weight is [count, width] and starts normal, N(0, 1)
/// by default. A row's gradient is the sum over the places that picked it, always in the same order.
/// </summary>
public sealed class Embedding : Module
{
    /// <summary>Creates the layer.</summary>
    /// <param name="count">How many vectors there are; at least 1.</param>
    /// <param name="width">The length of each; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="initializer">The initialiser of the table; null takes N(0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no vectors, or they have no elements.</exception>
    public Embedding(int count, int width, ModuleOptions options, Initializer? initializer = null)
    {
        CheckExtent(count);
        CheckExtent(width);
        Kernels.Shape.Of(nameof(Embedding), count, width);
        Weight = NewParameter("weight", [count, width], initializer ?? Initializers.Normal(0, 1), options);
    }

    /// <summary>The table: [count, width].</summary>
    public Parameter Weight { get; }

    /// <summary>The vectors that indices name.</summary>
    /// <param name="indices">int32, from 0 to count - 1; any shape.</param>
    /// <exception cref="ArgumentException">The indices are not int32.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is no row of the table.</exception>
    public override Tensor Forward(Tensor indices)
    {
        if (indices.DType != Kernels.DType.Int32) throw new ArgumentException(
            $"Embedding: expected indices of Int32, found {indices.DType} {indices.Shape}.");
        Tape.Open(nameof(Embedding), indices, Weight);
        return Weight.GatherRows(indices, nameof(Embedding));
    }
}
