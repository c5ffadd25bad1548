using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.Ordering;

namespace Engine.Autograd;

// Sorted elements and the largest ones. Their gradients go to the places where they came from.
public partial class Tensor
{
    /// <summary>
    /// The elements in order along an axis. Equal elements keep the order of their places; a NaN counts as larger than everything.
    /// </summary>
    /// <param name="axis">The axis; a negative one counts from the innermost.</param>
    /// <param name="descending">Whether the largest element is first.</param>
    /// <exception cref="ArgumentException">The elements are Int32.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public Tensor Sort(int axis = -1, bool descending = false) => Sort(out _, axis, descending);

    /// <summary>The elements in order along an axis, and where they were.</summary>
    /// <param name="indices">The places along the axis, int32, of the shape of the result: what NumPy calls argsort.</param>
    /// <param name="axis">The axis; a negative one counts from the innermost.</param>
    /// <param name="descending">Whether the largest element is first.</param>
    /// <inheritdoc cref="Sort(int, bool)" path="/exception"/>
    public Tensor Sort(out Tensor indices, int axis = -1, bool descending = false) =>
        Ordered(nameof(Sort), axis, descending, null, out indices);

    /// <summary>The largest elements along an axis, in descending order; of equal ones those that come first.</summary>
    /// <param name="count">How many: from 0 to the extent of the axis.</param>
    /// <param name="axis">The axis; a negative one counts from the innermost.</param>
    /// <exception cref="ArgumentException">The elements are Int32.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or it has fewer elements.</exception>
    public Tensor TopK(int count, int axis = -1) => TopK(count, out _, axis);

    /// <summary>The largest elements along an axis, in descending order, and where they were.</summary>
    /// <param name="count">How many: from 0 to the extent of the axis.</param>
    /// <param name="indices">The places along the axis, int32, of the shape of the result.</param>
    /// <param name="axis">The axis; a negative one counts from the innermost.</param>
    /// <inheritdoc cref="TopK(int, int)" path="/exception"/>
    public Tensor TopK(int count, out Tensor indices, int axis = -1) => Ordered(nameof(TopK), axis, descending: true, count, out indices);

    private Tensor Ordered(string operation, int axis, bool descending, int? count, out Tensor indices)
    {
        Autograd.Tape.OpenFloating(operation, this);
        axis = Axis(operation, axis);
        int extent = Shape[axis], places = count ?? extent;
        if (places < 0 || places > extent) throw new ArgumentOutOfRangeException(
            nameof(count), $"{operation}: expected 0 to {extent} elements of axis {axis} of shape {Shape}, found {places}.");
        if (axis == Shape.Rank - 1) return OrderedRows(operation, descending, places, out indices);

        // Along another axis the rows have to be made first: that axis exchanged with the innermost one.
        int[] axes = [.. Enumerable.Range(0, Shape.Rank)];
        (axes[axis], axes[^1]) = (axes[^1], axes[axis]);
        Tensor y = Permute(axes).OrderedRows(operation, descending, places, out indices);
        indices = indices.Permute(axes);
        return y.Permute(axes);
    }

    private Tensor OrderedRows(string operation, bool descending, int places, out Tensor indices)
    {
        Tape tape = Autograd.Tape.Open(operation);
        int columns = Shape[-1], rows = columns == 0 ? 0 : Count / columns;
        indices = tape.NewTensor(Shape.With(Shape.Rank - 1, places), DType.Int32);
        Sorting.ArgSort(Storage, rows, columns, descending, places, indices.Storage);
        return TakeFromRows(operation, indices);
    }

    /// <summary>y[..., j] = x[..., indices[..., j]], of indices that are distinct in each row.</summary>
    private Tensor TakeFromRows(string operation, Tensor indices)
    {
        Tape tape = Autograd.Tape.Open(operation);
        int columns = Shape[-1], rows = columns == 0 ? 0 : Count / columns;
        Tensor y = tape.NewTensor(indices.Shape, DType);
        Sorting.Take(Storage, rows, columns, indices.Storage, indices.Shape[-1], y.Storage);
        return tape.Record(operation, y, new Rule(this, g => g.PutIntoRows(operation, indices, columns)));
    }

    /// <summary>y[..., indices[..., j]] = g[..., j], and 0 elsewhere: the gradient of <see cref="TakeFromRows"/>.</summary>
    private Tensor PutIntoRows(string operation, Tensor indices, int columns)
    {
        Tape tape = Autograd.Tape.Open(operation);
        int places = indices.Shape[-1], rows = places == 0 ? 0 : Count / places;
        Tensor y = tape.NewTensor(Shape.With(Shape.Rank - 1, columns), DType);
        if (places == 0) Move.Fill(y.Storage, 0);
        else Sorting.Put(Storage, indices.Storage, rows, places, columns, y.Storage);
        return tape.Record(operation, y, new Rule(this, g => g.TakeFromRows(operation, indices)));
    }
}
