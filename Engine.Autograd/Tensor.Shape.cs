using System.Runtime.CompilerServices;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;

namespace Engine.Autograd;

// Operations that move elements and change none. Each one's gradient is another of them.
public partial class Tensor
{
    /// <summary>The same elements in another shape; one extent may be -1 and is then computed. No element is copied.</summary>
    /// <exception cref="ArgumentException">The shapes do not have equally many elements.</exception>
    [OverloadResolutionPriority(1)]
    public Tensor Reshape(params ReadOnlySpan<int> extents)
    {
        Span<int> wanted = stackalloc int[extents.Length];
        extents.CopyTo(wanted);
        int open = wanted.IndexOf(-1);
        if (open >= 0)
        {
            long known = 1;
            for (int i = 0; i < wanted.Length; i++) known *= i == open ? 1 : wanted[i];
            wanted[open] = known > 0 && Count % known == 0 ? (int)(Count / known) : 0;
        }

        Shape shape = Shape.Of(nameof(Reshape), wanted);
        if (shape.Count != Count) throw new ArgumentException(
            $"Reshape: expected extents of {Count} elements for shape {Shape}, found [{string.Join(", ", extents.ToArray())}].");
        return Reshape(shape);
    }

    /// <summary>The same elements in another shape. No element is copied.</summary>
    /// <exception cref="ArgumentException">The shapes do not have equally many elements.</exception>
    public Tensor Reshape(Shape shape)
    {
        CheckShape(nameof(Reshape), shape);
        if (shape.Count != Count) throw new ArgumentException(
            $"Reshape: expected a shape of {Count} elements for shape {Shape}, found {shape} of {shape.Count}.");
        Shape own = Shape;
        Tape tape = Autograd.Tape.Open(nameof(Reshape), this);
        Tensor y = tape.Alias(this, shape);
        tape.Trace?.Add(nameof(Reshape), y, [this]);
        return tape.Record(nameof(Reshape), y, new Rule(this, g => g.Reshape(own)));
    }

    /// <summary>The axes in another order: axis i of the result is axis <paramref name="axes"/>[i] of this.</summary>
    /// <exception cref="ArgumentException">The axes are not each named once.</exception>
    public Tensor Permute(params ReadOnlySpan<int> axes)
    {
        int[] order = axes.ToArray();
        int[] inverse = new int[order.Length];
        Span<int> extents = stackalloc int[Shape.MaxRank];
        if (order.Length != Shape.Rank || order.Select(a => Axis(nameof(Permute), a)).Distinct().Count() != order.Length)
            throw new ArgumentException($"Permute: the axes of shape {Shape} must each be named once, found [{string.Join(", ", order)}].");
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = Shape.Axis(order[i]);
            inverse[order[i]] = i;
            extents[i] = Shape[order[i]];
        }

        Tape tape = Autograd.Tape.Open(nameof(Permute), this);
        Tensor y = tape.NewTensor(new Shape(extents[..order.Length]), DType);
        Move.Permute(Storage, Shape, order, y.Storage);
        tape.Trace?.Add(nameof(Permute), y, [this], order);
        return tape.Record(nameof(Permute), y, new Rule(this, g => g.Permute(inverse)));
    }

    /// <summary>The two innermost axes exchanged.</summary>
    /// <exception cref="ArgumentException">There are fewer than two axes.</exception>
    public Tensor Transpose()
    {
        if (Shape.Rank < 2) throw new ArgumentException($"Transpose: needs at least two axes, found shape {Shape}.");
        Autograd.Tape.Open(nameof(Transpose), this);
        int[] axes = [.. Enumerable.Range(0, Shape.Rank)];
        (axes[^1], axes[^2]) = (axes[^2], axes[^1]);
        return Permute(axes);
    }

    /// <summary>A run of <paramref name="length"/> places along an axis, starting at <paramref name="start"/>.</summary>
    /// <exception cref="ArgumentException">The run leaves the axis.</exception>
    public Tensor Slice(int axis, int start, int length)
    {
        axis = Axis(nameof(Slice), axis);
        if (start < 0 || length < 0 || (long)start + length > Shape[axis])
            throw new ArgumentException(
                $"Slice: expected places of axis {axis} of shape {Shape}, found {start} to {(long)start + length}.");
        int[] starts = new int[Shape.Rank];
        starts[axis] = start;
        Shape box = Shape.With(axis, length);
        Shape own = Shape;
        Tape tape = Autograd.Tape.Open(nameof(Slice), this);
        Tensor y = tape.NewTensor(box, DType);
        Move.Slice(Storage, Shape, starts, box, y.Storage);
        tape.Trace?.Add(nameof(Slice), y, [this], starts);
        return tape.Record(nameof(Slice), y, new Rule(this, g => g.Pad(axis, start, own[axis] - start - length)));
    }

    /// <summary>Places of a constant before and after an axis.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="before">Places added before it.</param>
    /// <param name="after">Places added after it.</param>
    /// <param name="value">What they hold.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of places is negative.</exception>
    public Tensor Pad(int axis, int before, int after, double value = 0)
    {
        axis = Axis(nameof(Pad), axis);
        if (before < 0 || after < 0) throw new ArgumentOutOfRangeException(
            before < 0 ? nameof(before) : nameof(after), $"Pad: places must not be negative, found {before} before and {after} after.");
        long extended = (long)before + Shape[axis] + after;
        if (extended > int.MaxValue) throw new ArgumentException(
            $"Pad: expected an axis of at most {int.MaxValue} places, found axis {axis} of shape {Shape} with {before} before and {after} "
            + "after.");
        int[] low = new int[Shape.Rank];
        int[] high = new int[Shape.Rank];
        (low[axis], high[axis]) = (before, after);
        int extent = Shape[axis];
        Tape tape = Autograd.Tape.Open(nameof(Pad), this);
        Tensor y = tape.NewTensor(Shape.With(nameof(Pad), axis, (int)extended), DType);
        Move.Pad(Storage, Shape, low, high, value, y.Storage);
        tape.Trace?.Add(nameof(Pad), y, [this], (axis, before, after, value));
        return tape.Record(nameof(Pad), y, new Rule(this, g => g.Slice(axis, before, extent)));
    }

    /// <summary>Tensors one after another along an axis.</summary>
    /// <exception cref="ArgumentException">There is none, or their other extents or types differ.</exception>
    public static Tensor Concat(int axis, params ReadOnlySpan<Tensor> parts)
    {
        if (parts.Length == 0) throw new ArgumentException("Concat: expected at least one tensor, found none.");
        Tensor first = parts[0];
        axis = first.Axis(nameof(Concat), axis);
        long total = 0;
        foreach (Tensor part in parts)
        {
            if (part.Shape.Rank != first.Shape.Rank || part.Shape.With(axis, 0) != first.Shape.With(axis, 0))
                throw new ArgumentException(
                    $"Concat: expected shapes that differ in axis {axis} alone, found {first.Shape} and {part.Shape}.");
            first.CheckType(nameof(Concat), part);
            total += part.Shape[axis];
        }

        Tape tape = Autograd.Tape.Open(nameof(Concat), parts!);
        if (total > int.MaxValue) throw new ArgumentException(
            $"Concat: expected an axis of at most {int.MaxValue} places, found {total}.");
        Tensor y = tape.NewTensor(first.Shape.With(nameof(Concat), axis, (int)total), first.DType);
        Rule[] rules = new Rule[parts.Length];
        int[] starts = new int[first.Shape.Rank];
        for (int i = 0; i < parts.Length; i++)
        {
            int start = starts[axis];
            int length = parts[i].Shape[axis];
            Move.WriteSlice(parts[i].Storage, parts[i].Shape, y.Storage, y.Shape, starts);
            rules[i] = new Rule(parts[i], g => g.Slice(axis, start, length));
            starts[axis] += length;
        }

        tape.Trace?.Add(nameof(Concat), y, parts.ToArray(), axis);
        return tape.Record(nameof(Concat), y, rules);
    }

    /// <summary>Tensors of one shape along a new axis.</summary>
    /// <param name="axis">The place of the new axis, counted from the outermost, or from behind the innermost when negative.</param>
    /// <param name="parts">The tensors.</param>
    /// <exception cref="ArgumentException">There is none, or their shapes or types differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The result has no such axis.</exception>
    public static Tensor Stack(int axis, params ReadOnlySpan<Tensor> parts)
    {
        if (parts.Length == 0) throw new ArgumentException("Stack: expected at least one tensor, found none.");
        Shape shape = parts[0].Shape;
        int place = axis < 0 ? axis + shape.Rank + 1 : axis;
        if (place < 0 || place > shape.Rank) throw new ArgumentOutOfRangeException(
            nameof(axis), $"Stack: expected an axis of shape {shape} with a new axis, found {axis}.");
        int[] extents = shape.ToArray();
        Shape each = Shape.Of(nameof(Stack), [.. extents[..place], 1, .. extents[place..]]);
        Tensor[] wide = new Tensor[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            Autograd.Tape.Open(nameof(Stack), parts[i]);
            if (parts[i].Shape != shape) throw new ArgumentException(
                $"Stack: expected tensors of one shape, found {shape} and {parts[i].Shape}.");
            parts[0].CheckType(nameof(Stack), parts[i]);
            wide[i] = parts[i].Reshape(each);
        }

        return Concat(place, wide);
    }

    /// <summary>Cut along an axis into parts of given lengths: what <see cref="Concat"/> puts together.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="lengths">The places of each part, together all of the axis.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    /// <exception cref="ArgumentException">A length is negative, or the lengths do not add up to the axis.</exception>
    public Tensor[] Split(int axis, params ReadOnlySpan<int> lengths)
    {
        Autograd.Tape.Open(nameof(Split), this);
        axis = Axis(nameof(Split), axis);
        long total = 0;
        foreach (int length in lengths) total += length < 0 ? long.MaxValue / 4 : length;
        if (total != Shape[axis]) throw new ArgumentException(
            $"Split: expected lengths that fill axis {axis} of shape {Shape}, found [{string.Join(", ", lengths.ToArray())}].");
        Tensor[] parts = new Tensor[lengths.Length];
        int start = 0;
        for (int i = 0; i < parts.Length; start += lengths[i++]) parts[i] = Slice(axis, start, lengths[i]);
        return parts;
    }

    /// <summary>Repeated along axes of extent 1, and new outer axes, until it has a shape.</summary>
    /// <exception cref="ArgumentException">The tensor does not broadcast to the shape.</exception>
    public Tensor BroadcastTo(Shape shape)
    {
        CheckShape(nameof(BroadcastTo), shape);
        if (!Shape.TryBroadcast(Shape, shape, out Shape both) || both != shape) throw new ArgumentException(
            $"BroadcastTo: expected a shape that {Shape} broadcasts to, found {shape}.");
        if (Shape == shape) return this;
        Shape own = Shape;
        Tape tape = Autograd.Tape.OpenFloating(nameof(BroadcastTo), this);
        Tensor y = tape.NewTensor(shape, DType);

        // Map does the broadcasting; the larger of x and x is x, for every x.
        Kernels.Mapping.Map.Binary(Storage, Shape, Storage, Shape, y.Storage, shape, default(Kernels.Elementwise.Maximum));
        tape.Trace?.Add(nameof(BroadcastTo), y, [this]);
        return tape.Record(nameof(BroadcastTo), y, new Rule(this, g => g.SumTo(own)));
    }

    /// <summary>The rows of a [rows, ...] tensor that int32 indices of any shape name: shape [indices..., ...].</summary>
    /// <exception cref="ArgumentException">The indices are not int32, or one is no row.</exception>
    public Tensor Gather(Tensor indices) => GatherRows(indices, nameof(Gather));

    internal Tensor GatherRows(Tensor indices, string operation)
    {
        if (Shape.Rank < 1) throw new ArgumentException($"{operation}: needs at least one axis, found a scalar.");
        if (indices.DType != DType.Int32) throw new ArgumentException(
            $"{operation}: expected indices of Int32, found {indices.DType} {indices.Shape}.");
        int rows = Shape[0];
        int width = Shape.Stride(0);
        Shape own = Shape;
        Tape tape = Autograd.Tape.Open(operation, this, indices);
        Tensor y = tape.NewTensor(Shape.Of(operation, [.. indices.Shape.ToArray(), .. own.ToArray()[1..]]), DType);
        Move.GatherRows(Storage, rows, width, indices.Storage, y.Storage, operation);
        tape.Trace?.Add(nameof(Gather), y, [this, indices]);
        return tape.Record(nameof(Gather), y, new Rule(this, g => g.ScatterAdd(indices, own)));
    }

    /// <summary>
    /// Zeros of a shape, with the rows of this tensor added at the rows that int32 indices name: the gradient of <see cref="Gather"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The indices are not int32, one is no row, or the shapes do not fit.</exception>
    public Tensor ScatterAdd(Tensor indices, Shape shape)
    {
        if (indices.DType != DType.Int32) throw new ArgumentException(
            $"ScatterAdd: expected indices of Int32, found {indices.DType} {indices.Shape}.");
        if (shape.Rank < 1) throw new ArgumentException("ScatterAdd: expected a shape [rows, ...], found a scalar.");
        int width = shape.Stride(0);
        if (Count != (long)indices.Count * width) throw new ArgumentException(
            $"ScatterAdd: expected {indices.Count} rows of {width} elements, found shape {Shape}.");
        Tape tape = Autograd.Tape.Open(nameof(ScatterAdd), this, indices);
        Tensor y = Zeros(shape, DType);
        Shape own = Shape;
        Move.ScatterAdd(Storage, indices.Storage, y.Storage, shape[0], width);
        return tape.Record(nameof(ScatterAdd), y, new Rule(this, g => g.Gather(indices).Reshape(own)));
    }

    /// <summary>The elements converted to another type. Gradients flow back between floating types.</summary>
    public Tensor Cast(DType dtype)
    {
        if (dtype == DType) return this;
        if (!Enum.IsDefined(dtype)) throw new ArgumentOutOfRangeException(
            nameof(dtype), dtype, $"Cast: expected an element type, found {dtype}.");
        DType own = DType;
        Tape tape = Autograd.Tape.Open(nameof(Cast), this);
        Tensor y = tape.NewTensor(Shape, dtype);
        Move.Convert(Storage, y.Storage);
        tape.Trace?.Add(nameof(Cast), y, [this]);
        return own == DType.Int32 || dtype == DType.Int32 ? y : tape.Record(nameof(Cast), y, new Rule(this, g => g.Cast(own)));
    }
}
