namespace Engine.Kernels;

/// <summary>
/// The extents of a row-major array, outermost first; up to six. Images are NHWC: batch, height, width, channels.
/// A scalar has rank 0 and one element.
/// </summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>The largest rank.</summary>
    public const int MaxRank = 6;

    private readonly Extents _extents;

    /// <summary>A shape from its extents, outermost first.</summary>
    /// <exception cref="ArgumentException">More than six extents, a negative one, or more than 2^31 - 1 elements. Empty axes do not count
    /// there, wherever they are, so that no distance along the others overflows.</exception>
    public Shape(params ReadOnlySpan<int> extents)
    {
        if (Fault(extents) is { } fault) throw new ArgumentException(fault);
        Count = 1;
        for (int i = 0; i < extents.Length; i++)
        {
            _extents[i] = extents[i];
            Count *= extents[i];
        }

        Rank = extents.Length;
    }

    /// <summary>A shape that an operation makes of its arguments: where there is none, the operation says so.</summary>
    /// <exception cref="ArgumentException">As for the constructor.</exception>
    internal static Shape Of(string operation, params ReadOnlySpan<int> extents)
    {
        if (Fault(extents) is { } fault) throw new ArgumentException($"{operation}: {fault}");
        return new Shape(extents);
    }

    /// <summary>What keeps extents from being those of a shape; null when nothing does.</summary>
    private static string? Fault(ReadOnlySpan<int> extents)
    {
        if (extents.Length > MaxRank) return $"A shape has at most {MaxRank} axes, found {extents.Length}.";
        long count = 1;
        foreach (int extent in extents)
        {
            if (extent < 0) return $"The extents of a shape must not be negative, found {Listed(extents)}.";
            count *= Math.Max(1, extent);
            if (count > int.MaxValue) return $"A shape has at most {int.MaxValue} elements, empty axes left out, found {Listed(extents)}.";
        }

        return null;

        static string Listed(ReadOnlySpan<int> extents) => $"[{string.Join(", ", extents.ToArray())}]";
    }

    /// <summary>The number of axes.</summary>
    public int Rank { get; }

    /// <summary>
    /// The number of elements: the product of the extents. The default value is not a shape of rank 0 but holds no element.
    /// </summary>
    public int Count { get; }

    /// <summary>The shape of a scalar: rank 0, one element.</summary>
    public static Shape Scalar { get; } = new([]);

    /// <summary>The extent of an axis; a negative axis counts from the innermost (-1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public int this[int axis] => _extents[Axis(axis)];

    /// <summary>A shape from its extents: what a collection expression calls.</summary>
    public static Shape Create(ReadOnlySpan<int> extents) => new(extents);

    /// <summary>Turns an axis that may count from the innermost (-1) into one that counts from the outermost (0).</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public int Axis(int axis)
    {
        int positive = axis < 0 ? axis + Rank : axis;
        if ((uint)positive >= (uint)Rank) throw new ArgumentOutOfRangeException(
            nameof(axis), $"Expected an axis of shape {this}, found axis {axis}.");
        return positive;
    }

    /// <summary>The number of elements between neighbours along an axis.</summary>
    public int Stride(int axis)
    {
        int stride = 1;
        for (int i = Rank - 1; i > Axis(axis); i--) stride *= _extents[i];
        return stride;
    }

    /// <summary>The extents as an array.</summary>
    public int[] ToArray()
    {
        int[] extents = new int[Rank];
        for (int i = 0; i < Rank; i++) extents[i] = _extents[i];
        return extents;
    }

    /// <summary>The same shape with one extent replaced.</summary>
    public Shape With(int axis, int extent)
    {
        int[] extents = ToArray();
        extents[Axis(axis)] = extent;
        return new Shape(extents);
    }

    /// <summary>As <see cref="With(int, int)"/>, for an operation that says so where there is no such shape.</summary>
    internal Shape With(string operation, int axis, int extent)
    {
        int[] extents = ToArray();
        extents[Axis(axis)] = extent;
        return Of(operation, extents);
    }

    /// <summary>
    /// The shape that two shapes broadcast to: aligned at the innermost axis, each pair of extents equal or one of them 1.
    /// </summary>
    /// <returns>False when they do not broadcast, or to more elements than a shape can have.</returns>
    public static bool TryBroadcast(Shape a, Shape b, out Shape result)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        Span<int> extents = stackalloc int[MaxRank];
        result = Scalar;
        for (int i = 1; i <= rank; i++)
        {
            int x = i <= a.Rank ? a[-i] : 1;
            int y = i <= b.Rank ? b[-i] : 1;
            if (x != y && x != 1 && y != 1) return false;
            extents[rank - i] = x == 1 ? y : x;
        }

        if (Fault(extents[..rank]) is not null) return false;
        result = new Shape(extents[..rank]);
        return true;
    }

    /// <summary>Whether extents are equal or one of them 1, wherever both shapes have an axis.</summary>
    internal static bool AreAligned(Shape a, Shape b)
    {
        for (int i = 1; i <= Math.Min(a.Rank, b.Rank); i++)
            if (a[-i] != b[-i] && a[-i] != 1 && b[-i] != 1) return false;
        return true;
    }

    /// <summary>The extents, outermost first, as a collection that can be enumerated.</summary>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)ToArray()).GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank || Count != other.Count) return false;
        for (int i = 0; i < Rank; i++)
            if (_extents[i] != other._extents[i]) return false;
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        for (int i = 0; i < Rank; i++) hash.Add(_extents[i]);
        return hash.ToHashCode();
    }

    /// <summary>Whether all extents are equal.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether any extent differs.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>The shape as <c>[64, 784]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", ToArray())}]";

    [InlineArray(MaxRank)]
    private struct Extents
    {
        private int _first;
    }
}
