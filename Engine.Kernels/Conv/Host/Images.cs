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
