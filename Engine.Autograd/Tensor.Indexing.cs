using System.Runtime.CompilerServices;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Movement;

namespace Engine.Autograd;

/// <summary>
/// An index of one axis: a place, which takes the axis away, or a range of places, which keeps it. Made from 3, ^1, 2..5 or .. where one
/// is expected.
/// </summary>
public readonly record struct AxisIndex
{
    private readonly Index _place;
    private readonly Range _range;

    private AxisIndex(Index place) => (_place, IsPlace) = (place, true);

    private AxisIndex(Range range) => _range = range;

    /// <summary>Whether it is one place, so that the result lacks the axis.</summary>
    internal bool IsPlace { get; }

    /// <summary>A place, counted from the start of the axis.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The place is negative: places from the end are ^1, ^2 and so on.</exception>
    public static implicit operator AxisIndex(int place) => place >= 0 ? new(new Index(place)) : throw new ArgumentOutOfRangeException(
        nameof(place), $"Index: expected a place from 0 on, found {place}; places from the end are written ^1, ^2 and so on.");

    /// <summary>A place, counted from the start or the end of the axis.</summary>
    public static implicit operator AxisIndex(Index place) => new(place);

    /// <summary>The places from a first one up to one that no longer belongs to it.</summary>
    public static implicit operator AxisIndex(Range range) => new(range);

    /// <summary>As it is written: <c>3</c>, <c>^1</c>, <c>2..5</c>.</summary>
    public override string ToString() => IsPlace ? _place.ToString() : _range.ToString();

    /// <summary>The first place and how many there are, on an axis of an extent; both may leave the axis.</summary>
    internal (int Start, int Length) On(int extent)
    {
        if (IsPlace) return (_place.GetOffset(extent), 1);
        int start = _range.Start.GetOffset(extent);
        return (start, _range.End.GetOffset(extent) - start);
    }
}

// Parts of a tensor, written as x[0], x[^1, 2..5] or x[indices].
public partial class Tensor
{
    /// <summary>
    /// A part of the tensor: an index for each of the outermost axes, the others whole. A place takes its axis away, a range keeps it: of
    /// shape [8, 28, 28, 3], <c>x[0]</c> has [28, 28, 3], <c>x[.., 2..^2, 5]</c> has [8, 24, 3].
    /// </summary>
    /// <param name="indices">A place, such as 3 or ^1, or a range, such as 2..5 or .., for each axis from the outermost on.</param>
    /// <exception cref="ArgumentException">There are more indices than axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A place or a range leaves its axis.</exception>
    [IndexerName("Part")]
    public Tensor this[params ReadOnlySpan<AxisIndex> indices]
    {
        get
        {
            Autograd.Tape.Open("Index", this);
            if (indices.Length > Shape.Rank) throw new ArgumentException(
                $"Index: expected at most {Shape.Rank} indices of shape {Shape}, found {Written(indices)}.");
            int[] starts = new int[Shape.Rank], extents = Shape.ToArray();
            List<int> kept = [];
            for (int axis = 0; axis < Shape.Rank; axis++)
            {
                if (axis < indices.Length)
                {
                    (starts[axis], int length) = indices[axis].On(Shape[axis]);
                    if (starts[axis] < 0 || length < 0 || (long)starts[axis] + length > Shape[axis])
                        throw new ArgumentOutOfRangeException(
                            nameof(indices),
                            $"Index: expected places of axis {axis} of shape {Shape}, found {indices[axis]} in {Written(indices)}.");
                    extents[axis] = length;
                }

                if (axis >= indices.Length || !indices[axis].IsPlace) kept.Add(extents[axis]);
            }

            return Box(starts, new Shape(extents)).Reshape(new Shape([.. kept]));
        }
    }

    /// <summary>The rows that int32 indices name: see <see cref="Gather"/>.</summary>
    /// <inheritdoc cref="Gather"/>
    [IndexerName("Part")]
    public Tensor this[Tensor indices] => Gather(indices);

    private static string Written(ReadOnlySpan<AxisIndex> indices) => $"[{string.Join(", ", indices.ToArray())}]";

    /// <summary>A box of the tensor, from a first corner.</summary>
    private Tensor Box(int[] starts, Shape box)
    {
        Shape own = Shape;
        Tape tape = Autograd.Tape.Open("Index");
        Tensor y = tape.NewTensor(box, DType);
        Move.Slice(Storage, own, starts, box, y.Storage);
        tape.Trace?.Add(nameof(Slice), y, [this], starts);
        return tape.Record("Index", y, new Rule(this, g => g.InBox(starts, own)));
    }

    /// <summary>This tensor in a box of zeros: the gradient of <see cref="Box"/>.</summary>
    private Tensor InBox(int[] starts, Shape shape)
    {
        Shape own = Shape;
        int[] after = [.. Enumerable.Range(0, own.Rank).Select(axis => shape[axis] - starts[axis] - own[axis])];
        Tape tape = Autograd.Tape.Open("Index");
        Tensor y = tape.NewTensor(shape, DType);
        Move.Pad(Storage, own, starts, after, 0, y.Storage);
        return tape.Record("Index", y, new Rule(this, g => g.Box(starts, own)));
    }
}
