using Engine.Kernels.Pool;
using Engine.Kernels.Resampling.Gpu;
using Engine.Kernels.Resampling.Host;

namespace Engine.Kernels.Resampling;

/// <summary>
/// Images in another size: by the nearest pixel, or by linear interpolation both ways. Both are linear in the image: the derivative is the
/// transpose, and the derivative of that is the operation again.
/// </summary>
public static class Resample
{
    /// <summary>Repeats every pixel <paramref name="factor"/> times both ways: y[i, j] = x[i / factor, j / factor].</summary>
    /// <param name="x">The images [batch, height, width, channels], float or double.</param>
    /// <param name="batch">Images.</param>
    /// <param name="height">Rows of an image; at least 1.</param>
    /// <param name="width">Columns of an image; at least 1.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="factor">How many times; at least 1.</param>
    /// <param name="y">The output [batch, height * factor, width * factor, channels].</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or an extent is out of its range.</exception>
    public static void Nearest(Storage x, int batch, int height, int width, int channels, int factor, Storage y)
    {
        // Each pixel goes to all places of one window: the transpose of a sum over adjacent windows.
        PoolShape blocks = Blocks("Resample.Nearest", batch, height, width, channels, factor);
        Pooling.Check("Resample.Nearest", blocks, (nameof(y), y), (nameof(x), x));
        Pooling.Spread(default(SumSpread), new PoolLayout(blocks), x, null, y);
    }

    /// <summary>
    /// The derivative of <see cref="Nearest"/>: dx[i, j] = the sum of g over the block of factor x factor pixels that came from it.
    /// </summary>
    /// <param name="g">The gradient with respect to the output.</param>
    /// <param name="batch">Images.</param>
    /// <param name="height">Rows of an image of the input.</param>
    /// <param name="width">Columns of an image of the input.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="factor">As in <see cref="Nearest"/>.</param>
    /// <param name="dx">The gradient with respect to the images.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or an extent is out of its range.</exception>
    public static void NearestGradient(Storage g, int batch, int height, int width, int channels, int factor, Storage dx)
    {
        PoolShape blocks = Blocks("Resample.NearestGradient", batch, height, width, channels, factor);
        Pooling.Check("Resample.NearestGradient", blocks, (nameof(g), g), (nameof(dx), dx));
        Pooling.Fold(default(SumFold), new PoolLayout(blocks), g, null, dx);
    }

    /// <summary>
    /// Linear interpolation both ways. Output pixel o has its centre at (o + 1/2) inputs / outputs - 1/2 among the input's, held within the
    /// first and the last (align_corners = false of PyTorch).
    /// </summary>
    /// <param name="x">The images [batch, height, width, channels], float or double.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="y">The output [batch, output height, output width, channels].</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Bilinear(Storage x, in ResampleShape shape, Storage y)
    {
        Device device = Check("Resample.Bilinear", shape, (nameof(x), x), (nameof(y), y));
        if (y.Length > 0) Run(device, shape, transposed: false, x, y);
    }

    /// <summary>
    /// The derivative of <see cref="Bilinear"/>: each output pixel's gradient goes to the four pixels it came from, by their weights.
    /// </summary>
    /// <param name="g">The gradient with respect to the output.</param>
    /// <param name="shape">The extents, as in <see cref="Bilinear"/>.</param>
    /// <param name="dx">The gradient with respect to the images.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void BilinearGradient(Storage g, in ResampleShape shape, Storage dx)
    {
        Device device = Check("Resample.BilinearGradient", shape, (nameof(dx), dx), (nameof(g), g));
        if (dx.Length > 0) Run(device, shape, transposed: true, g, dx);
    }

    private static void Run(Device device, in ResampleShape shape, bool transposed, Storage source, Storage target)
    {
        BilinearLayout layout = new(shape, transposed);
        LaneDispatch.Run(device, target.DType, new HostBilinear(layout, source, target), new GpuBilinear(layout, source, target));
    }

    private static PoolShape Blocks(string operation, int batch, int height, int width, int channels, int factor)
    {
        if (factor < 1) throw new ArgumentException($"{operation}: the factor must be at least 1, found {factor}.");
        if ((long)Math.Max(height, width) * factor > int.MaxValue)
            throw new ArgumentException(
                $"{operation}: expected a factor that leaves at most {int.MaxValue} rows and columns of [{batch}, {height}, {width}, "
                + $"{channels}], found {factor}.");
        return new(batch, height * factor, width * factor, channels, PoolWindow.Square(factor));
    }

    private static Device Check(
        string operation, in ResampleShape shape, (string Name, Storage Storage) image, (string Name, Storage Storage) output)
    {
        shape.Check(operation);
        Device device = Arguments.OneDevice(operation, image.Storage, output.Storage);
        if (Arguments.OneType(operation, image.Storage, output.Storage) == DType.Int32)
            throw new ArgumentException($"{operation}: the arguments must hold {DType.Float32} or {DType.Float64}, found {DType.Int32}.");
        Arguments.Length(operation, image.Name, image.Storage, shape.LengthX);
        Arguments.Length(operation, output.Name, output.Storage, shape.LengthY);
        if (ReferenceEquals(image.Storage, output.Storage)) throw new ArgumentException(
            $"{operation}: {output.Name} must not be {image.Name}.");
        return device;
    }
}

/// <summary>
/// The extents of a change of size of images: [Batch, Height, Width, Channels] to [Batch, OutputHeight, OutputWidth, Channels].
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an image; at least 1.</param>
/// <param name="Width">Columns of an image; at least 1.</param>
/// <param name="Channels">Channels; each is resampled independently.</param>
/// <param name="OutputHeight">Rows of the output; at least 1.</param>
/// <param name="OutputWidth">Columns of the output; at least 1.</param>
public readonly record struct ResampleShape(int Batch, int Height, int Width, int Channels, int OutputHeight, int OutputWidth)
{
    /// <summary>The elements of the input.</summary>
    public long LengthX => (long)Batch * Height * Width * Channels;

    /// <summary>The elements of the output.</summary>
    public long LengthY => (long)Batch * OutputHeight * OutputWidth * Channels;

    /// <summary>The shape as <c>[64, 7, 7, 16] to [64, 14, 14, 16]</c>.</summary>
    public override string ToString() =>
        $"[{Batch}, {Height}, {Width}, {Channels}] to [{Batch}, {OutputHeight}, {OutputWidth}, {Channels}]";

    /// <summary>Throws where the extents make no sense.</summary>
    /// <exception cref="ArgumentException">An extent is out of its range.</exception>
    internal void Check(string operation)
    {
        if (Batch < 0 || Channels < 0 || Height < 1 || Width < 1 || OutputHeight < 1 || OutputWidth < 1)
            throw new ArgumentException(
                $"{operation}: images [batch, height, width, channels] with at least one row and column are needed, before and after, "
                + $"found {this}.");

        // Weights are computed from whole numbers of up to twice this product.
        const int Largest = 1 << 29;
        if ((long)Height * OutputHeight > Largest || (long)Width * OutputWidth > Largest)
            throw new ArgumentException(
                $"{operation}: the extents before and after multiply to at most 2^29 along each axis, found {this}.");
        if ((Int128)Math.Max(1, Batch) * OutputHeight * OutputWidth * Math.Max(1, Channels) > int.MaxValue)
            throw new ArgumentException($"{operation}: expected a result of at most {int.MaxValue} elements, found {this}.");
    }
}
