namespace Engine.Kernels.Pool;

/// <summary>
/// The maximum over windows of an image, for each channel. Padding is never selected. Of equal elements the first, in row
/// order, is taken; a window that contains NaN yields NaN.
/// </summary>
public static class MaxPool
{
    /// <summary>y[window] = the maximum of x over the window.</summary>
    /// <param name="x">The images [batch, height, width, channels], float or double.</param>
    /// <param name="shape">The extents and the window.</param>
    /// <param name="y">The output [batch, output height, output width, channels].</param>
    /// <param name="positions">
    /// Receives the position of each maximum: its index in the window, in row order from 0, in the element type of the output; null to
    /// omit it.
    /// </param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Run(Storage x, in PoolShape shape, Storage y, Storage? positions = null)
    {
        const string Operation = "MaxPool.Run";
        if (positions is null) Pooling.Check(Operation, shape, (nameof(x), x), (nameof(y), y));
        else Pooling.Check(Operation, shape, (nameof(x), x), (nameof(y), y), (nameof(positions), positions));
        Pooling.Fold(default(MaximumFold), new PoolLayout(shape), x, positions, y);
    }

    /// <summary>The derivative of <see cref="Run"/>: dx[place] = the sum of g over the windows whose maximum was there.</summary>
    /// <param name="g">The gradient with respect to the output.</param>
    /// <param name="positions">The positions that <see cref="Run"/> wrote.</param>
    /// <param name="shape">The extents and the window.</param>
    /// <param name="dx">The gradient with respect to the images.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Gradient(Storage g, Storage positions, in PoolShape shape, Storage dx)
    {
        Pooling.Check("MaxPool.Gradient", shape, (nameof(dx), dx), (nameof(g), g), (nameof(positions), positions));
        Pooling.Spread(default(PickSpread), new PoolLayout(shape), g, positions, dx);
    }

    /// <summary>y[window] = x at the window's position: the transpose of <see cref="Gradient"/>, and its derivative.</summary>
    /// <param name="x">The images.</param>
    /// <param name="positions">The positions that <see cref="Run"/> wrote; 0 where a position is a place of padding.</param>
    /// <param name="shape">The extents and the window.</param>
    /// <param name="y">The output.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Pick(Storage x, Storage positions, in PoolShape shape, Storage y)
    {
        Pooling.Check("MaxPool.Pick", shape, (nameof(x), x), (nameof(y), y), (nameof(positions), positions));
        Pooling.Fold(default(PickFold), new PoolLayout(shape), x, positions, y);
    }
}
