using Engine.Kernels.Norms;

namespace Engine.Kernels.Attention;

/// <summary>The rows of one head of one sequence in host memory.</summary>
internal readonly unsafe struct HeadRows<T>(T* first, nint pitch) where T : unmanaged
{
    internal readonly T* First = first;
    internal readonly nint Pitch = pitch;

    internal bool IsThere => First != null;

    /// <summary>The rows from one on.</summary>
    internal HeadRows<T> From(int row) => new(First + (row * Pitch), Pitch);
}

/// <summary><see cref="AttentionRows"/> in host memory.</summary>
internal readonly unsafe struct HostRows<T> where T : unmanaged
{
    private readonly T* _first;
    private readonly nint _pitch, _batchPitch;

    internal HostRows(AttentionRows? rows)
    {
        if (rows is not { } there) return;
        _first = there.Storage.Pointer<T>() + there.Start;
        (_pitch, _batchPitch) = (there.Pitch, there.BatchPitch);
    }

    /// <summary>The rows of head item % heads of sequence item / heads; none where there is no memory.</summary>
    internal HeadRows<T> Of(in AttentionShape shape, int item)
    {
        if (_first == null) return default;
        return new(_first + (item / shape.Heads * _batchPitch) + (item % shape.Heads * shape.Width), _pitch);
    }
}
