using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>Images in NHWC order.</summary>
/// <param name="elements">The first element.</param>
/// <param name="height">Rows of an image.</param>
/// <param name="width">Columns of an image.</param>
/// <param name="channels">Channels of a pixel.</param>
internal readonly unsafe struct Images<T>(T* elements, int height, int width, int channels) where T : unmanaged
{
    internal readonly int Height = height;
    internal readonly int Width = width;
    internal readonly int Channels = channels;

    /// <summary>Elements from one image to the next.</summary>
    internal nint ImageStride => (nint)Height * Width * Channels;

    /// <summary>A pixel's first channel; a pixel outside the image has an address too, which must not be read.</summary>
    internal T* At(nint image, nint y, nint x) => elements + (image * ImageStride) + (((y * Width) + x) * Channels);
}

/// <summary>Writes finished sums to the images they belong to: activation(sum + bias), or activation(image + sum + bias).</summary>
/// <param name="target">The images.</param>
/// <param name="bias">One element for each channel; null adds nothing.</param>
/// <param name="function">The activation.</param>
/// <param name="accumulate">Adds to what the images hold.</param>
internal readonly unsafe struct TileWriter<TV, T, TOp>(Images<T> target, T* bias, TOp function, bool accumulate)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TOp : unmanaged, IUnaryOp
{
    /// <summary>Elements from one image to the next.</summary>
    internal nint ImageStride => target.ImageStride;

    /// <summary>A pixel's first channel.</summary>
    internal T* At(nint image, nint y, nint x) => target.At(image, y, x);

    /// <summary>Copies the bias of some channels to whole vectors, zeros behind it.</summary>
    internal void PrepareBias(int channel, int channels, int vectors, T* prepared)
    {
        for (int j = 0; j < vectors * TV.Count; j++) prepared[j] = bias != null && j < channels ? bias[channel + j] : default;
    }

    /// <summary>Finishes the first rows of a dense tile and writes each to its place; what overhangs the columns is left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Write(T* tile, T** targets, int rows, int columns, int vectors, T* prepared)
    {
        if (columns < vectors * TV.Count)
        {
            WritePart(tile, targets, rows, columns, vectors, prepared);
            return;
        }

        for (int i = 0; i < rows; i++)
        {
            T* row = targets[i];
            for (int j = 0; j < columns; j += TV.Count, tile += TV.Count)
            {
                TV sum = TV.Load(tile);
                if (accumulate) sum += TV.Load(row + j);
                TV.Store(function.Apply(sum + TV.Load(prepared + j)), row + j);
            }
        }
    }

    /// <summary>Finishes one vector of sums and writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Write(TV sum, TV added, T* place)
    {
        if (accumulate) sum += TV.Load(place);
        TV.Store(function.Apply(sum + added), place);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WritePart(T* tile, T** targets, int rows, int columns, int vectors, T* prepared)
    {
        int width = vectors * TV.Count;
        for (int i = 0; i < rows; i++, tile += width)
        {
            T* row = targets[i];
            if (accumulate)
                for (int j = 0; j < columns; j++) tile[j] += row[j];
            for (int j = 0; j < width; j += TV.Count) TV.Store(function.Apply(TV.Load(tile + j) + TV.Load(prepared + j)), tile + j);
            for (int j = 0; j < columns; j++) row[j] = tile[j];
        }
    }
}

/// <summary>The columns of a result, group by group, cut into panels of as many vectors as a register tile takes.</summary>
/// <param name="Groups">Groups of columns.</param>
/// <param name="Columns">Columns of a group.</param>
/// <param name="Vectors">Vectors that hold them.</param>
internal readonly record struct ColumnPanels(int Groups, int Columns, int Vectors)
{
    /// <summary>The largest number of vectors in a panel.</summary>
    private const int Most = 3;

    /// <summary>Panels of a group.</summary>
    internal int PerGroup => (Vectors + Most - 1) / Most;

    /// <summary>All panels.</summary>
    internal int Count => Groups * PerGroup;

    /// <summary>Vectors of all groups.</summary>
    internal int TotalVectors => Groups * Vectors;

    internal static ColumnPanels Of<TV, T>(int groups, int columns)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged =>
        new(groups, columns, (columns + TV.Count - 1) / TV.Count);

    /// <summary>
    /// The panel's group, its first vector in it and how many it has. They are as equal as can be: four vectors are two and two, because a
    /// tile of one vector waits for its loads.
    /// </summary>
    internal void Locate(int panel, out int group, out int vector, out int vectors)
    {
        group = panel / PerGroup;
        int within = panel % PerGroup, least = Vectors / PerGroup, larger = Vectors % PerGroup;
        vectors = within < larger ? least + 1 : least;
        vector = (within * least) + Math.Min(within, larger);
    }
}
