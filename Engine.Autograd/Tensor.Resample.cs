using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Resampling;

namespace Engine.Autograd;

// Images [batch, height, width, channels] in another size. Each rule is the transpose of the operation, whose own rule is the operation
// again.
public partial class Tensor
{
    /// <summary>Every pixel repeated <paramref name="factor"/> times both ways: y[i, j] = x[i / factor, j / factor].</summary>
    /// <param name="factor">How many times; at least 1.</param>
    /// <returns>[batch, height * factor, width * factor, channels]</returns>
    /// <exception cref="ArgumentException">There are not four axes, or the factor is less than 1.</exception>
    public Tensor UpsampleNearest2d(int factor)
    {
        CheckScaled(nameof(UpsampleNearest2d), factor);

        // The kernel takes a block as a window, which has at most 2^24 places.
        if (factor > 1 << 12) throw new ArgumentException($"UpsampleNearest2d: expected a factor of at most {1 << 12}, found {factor}.");
        return Repeated(this, factor);
    }

    /// <summary>
    /// Linear interpolation both ways, to <paramref name="factor"/> times the size; pixels are areas, not points (align_corners = false).
    /// </summary>
    /// <param name="factor">How many times; at least 1.</param>
    /// <returns>[batch, height * factor, width * factor, channels]</returns>
    /// <exception cref="ArgumentException">There are not four axes, or the factor is less than 1.</exception>
    public Tensor UpsampleBilinear2d(int factor)
    {
        CheckScaled(nameof(UpsampleBilinear2d), factor);
        return UpsampleBilinear2d(Shape[1] * factor, Shape[2] * factor);
    }

    /// <summary>Linear interpolation both ways, to a size of any ratio; see <see cref="UpsampleBilinear2d(int)"/>.</summary>
    /// <param name="height">Rows of the result; at least 1. Fewer than before leave pixels out, as there is no filter.</param>
    /// <param name="width">Columns of the result; at least 1.</param>
    /// <exception cref="ArgumentException">There are not four axes, or there is no row or column before or after.</exception>
    public Tensor UpsampleBilinear2d(int height, int width)
    {
        CheckImages(nameof(UpsampleBilinear2d));
        ResampleShape shape = new(Shape[0], Shape[1], Shape[2], Shape[3], height, width);
        shape.Check(nameof(UpsampleBilinear2d));
        return Interpolated(this, shape);
    }

    private static Tensor Repeated(Tensor x, int factor)
    {
        Tape tape = Autograd.Tape.OpenFloating(nameof(UpsampleNearest2d), x);
        Tensor y = tape.NewTensor([x.Shape[0], x.Shape[1] * factor, x.Shape[2] * factor, x.Shape[3]], x.DType);
        Resample.Nearest(x.Storage, x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], factor, y.Storage);
        tape.Trace?.Add(nameof(UpsampleNearest2d), y, [x], factor);
        return tape.Record(nameof(UpsampleNearest2d), y, new Rule(x, g => BlockSums(g, factor)));
    }

    private static Tensor BlockSums(Tensor g, int factor)
    {
        Shape shape = [g.Shape[0], g.Shape[1] / factor, g.Shape[2] / factor, g.Shape[3]];
        Tape tape = Autograd.Tape.Open("UpsampleNearest2d gradient");
        Tensor dx = tape.NewTensor(shape, g.DType);
        Resample.NearestGradient(g.Storage, shape[0], shape[1], shape[2], shape[3], factor, dx.Storage);
        return tape.Record("UpsampleNearest2d gradient", dx, new Rule(g, h => Repeated(h, factor)));
    }

    private static Tensor Interpolated(Tensor x, ResampleShape shape)
    {
        Tape tape = Autograd.Tape.OpenFloating(nameof(UpsampleBilinear2d), x);
        Tensor y = tape.NewTensor([shape.Batch, shape.OutputHeight, shape.OutputWidth, shape.Channels], x.DType);
        Resample.Bilinear(x.Storage, shape, y.Storage);
        tape.Trace?.Add(nameof(UpsampleBilinear2d), y, [x]);
        return tape.Record(nameof(UpsampleBilinear2d), y, new Rule(x, g => Gathered(g, shape)));
    }

    private static Tensor Gathered(Tensor g, ResampleShape shape)
    {
        Tape tape = Autograd.Tape.Open("UpsampleBilinear2d gradient");
        Tensor dx = tape.NewTensor([shape.Batch, shape.Height, shape.Width, shape.Channels], g.DType);
        Resample.BilinearGradient(g.Storage, shape, dx.Storage);
        return tape.Record("UpsampleBilinear2d gradient", dx, new Rule(g, h => Interpolated(h, shape)));
    }

    private void CheckScaled(string operation, int factor)
    {
        CheckImages(operation);
        if (factor < 1) throw new ArgumentException($"{operation}: the factor must be at least 1, found {factor}.");
        if (Math.Min(Shape[1], Shape[2]) < 1) throw new ArgumentException(
            $"{operation}: needs images with at least one row and column, found shape {Shape}.");
        if ((Int128)Math.Max(1, Count) * factor * factor > int.MaxValue) throw new ArgumentException(
            $"{operation}: expected a factor that leaves at most {int.MaxValue} elements of shape {Shape}, found {factor}.");
    }
}
