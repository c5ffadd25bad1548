namespace ILGPU;

/// <summary>A one-dimensional index or extent of 64-bit integers.</summary>
internal readonly struct LongIndex1D(long x) : IIndex, IEquatable<LongIndex1D>
{
    public static readonly LongIndex1D Zero = new(0);
    public static readonly LongIndex1D One = new(1);

    public long X { get; } = x;

    public long Size => X;

    public bool IsFirst => X == 0;

    public Index1D ToIntIndex() => new(checked((int)X));

    public bool InBounds(LongIndex1D dimension) => X >= 0 && X < dimension.X;

    public bool Equals(LongIndex1D other) => X == other.X;

    public override bool Equals(object? obj) => obj is LongIndex1D other && Equals(other);

    public override int GetHashCode() => X.GetHashCode();

    public override string ToString() => $"({X})";

    public static LongIndex1D operator +(LongIndex1D first, LongIndex1D second) => new(first.X + second.X);

    public static LongIndex1D operator -(LongIndex1D first, LongIndex1D second) => new(first.X - second.X);

    public static bool operator ==(LongIndex1D first, LongIndex1D second) => first.X == second.X;

    public static bool operator !=(LongIndex1D first, LongIndex1D second) => first.X != second.X;

    public static implicit operator LongIndex1D(long idx) => new(idx);

    public static implicit operator long(LongIndex1D idx) => idx.X;

    public static explicit operator Index1D(LongIndex1D index) => index.ToIntIndex();
}
