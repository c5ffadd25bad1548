namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The pixels of the right side that are packed at a time: some rows of an image, or some images. Deep enough that reading and writing the
/// sums does not count, small enough that a panel stays in the second-level cache.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an image.</param>
/// <param name="Images">Images of a block.</param>
/// <param name="Rows">Rows of a block: all of them where it has several images.</param>
internal readonly record struct GradientBlock(int Batch, int Height, int Images, int Rows)
{
    private const int Depth = 512;

    internal int AlongHeight => (Height + Rows - 1) / Rows;

    internal int Count => (Batch + Images - 1) / Images * AlongHeight;

    internal static GradientBlock Of(int batch, int height, int width)
    {
        int rows = Math.Clamp((Depth + width - 1) / width, 1, height);
        int images = rows < height ? 1 : Math.Clamp((Depth / (height * width)), 1, Math.Max(batch, 1));
        return new GradientBlock(batch, height, images, rows);
    }

    /// <summary>The images and rows of a block.</summary>
    internal void Locate(int block, out int image, out int images, out int row, out int rows)
    {
        image = block / AlongHeight * Images;
        images = Math.Min(Images, Batch - image);
        row = block % AlongHeight * Rows;
        rows = Math.Min(Rows, Height - row);
    }
}
