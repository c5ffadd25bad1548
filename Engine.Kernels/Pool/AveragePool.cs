namespace Engine.Kernels.Pool;

/// <summary>
/// The mean over windows of an image, for each channel. It is linear: its derivative is its transpose, whose derivative is
/// the pooling itself.
/// </summary>
public static class AveragePool
{
    /// <summary>y[window] = the mean of x over the window.</summary>
    /// <param name="x">The images [batch, height, width, channels], float or double.</param>
    /// <param name="shape">The extents and the window.</param>
    /// <param name="y">The output [batch, output height, output width, channels].</param>
    /// <param name="countPadding">True: places of padding count as zeros. False: the mean is over the places inside the image.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Run(Storage x, in PoolShape shape, Storage y, bool countPadding = true)
    {
        Pooling.Check("AveragePool.Run", shape, (nameof(x), x), (nameof(y), y));
        Pooling.Fold(default(AverageFold), Layout(shape, countPadding), x, null, y);
    }

    /// <summary>
    /// The derivative of <see cref="Run"/>: dx[place] = the sum of g / (the window's places) over the windows that the place is in.
    /// </summary>
    /// <param name="g">The gradient with respect to the output.</param>
    /// <param name="shape">The extents and the window.</param>
    /// <param name="dx">The gradient with respect to the images.</param>
    /// <param name="countPadding">As in <see cref="Run"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Gradient(Storage g, in PoolShape shape, Storage dx, bool countPadding = true)
    {
        Pooling.Check("AveragePool.Gradient", shape, (nameof(dx), dx), (nameof(g), g));
        Pooling.Spread(default(AverageSpread), Layout(shape, countPadding), g, null, dx);
    }

    private static PoolLayout Layout(in PoolShape shape, bool countPadding) =>
        new(shape, countPadding ? shape.Window.Height * shape.Window.Width : 0);
}
