using System.Runtime.CompilerServices;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>Writes finished sums to the images they belong to: activation(sum + bias), or activation(image + sum + bias).</summary>
/// <param name="target">The images.</param>
/// <param name="bias">A number for each channel; null adds nothing.</param>
/// <param name="epilogue">The activation.</param>
/// <param name="accumulate">Adds to what the images hold.</param>
internal readonly unsafe struct TileWriter<TV, T, TEpilogue>(Images<T> target, T* bias, TEpilogue epilogue, bool accumulate)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
    where TEpilogue : struct, IEpilogue<T>
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
                TV.Store(epilogue.Apply(sum, TV.Load(prepared + j)), row + j);
            }
        }
    }

    /// <summary>Finishes one vector of sums and writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Write(TV sum, TV added, T* place)
    {
        if (accumulate) sum += TV.Load(place);
        TV.Store(epilogue.Apply(sum, added), place);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WritePart(T* tile, T** targets, int rows, int columns, int vectors, T* prepared)
    {
        int width = vectors * TV.Count;
        for (int i = 0; i < rows; i++, tile += width)
        {
            T* row = targets[i];
            if (accumulate)
                for (int j = 0; j < columns; j++) tile[j] = Scalar.Add(tile[j], row[j]);
            for (int j = 0; j < width; j += TV.Count) TV.Store(epilogue.Apply(TV.Load(tile + j), TV.Load(prepared + j)), tile + j);
            for (int j = 0; j < columns; j++) row[j] = tile[j];
        }
    }
}
