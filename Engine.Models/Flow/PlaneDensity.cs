using Engine.Autograd;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Imaging;

namespace Engine.Models.Flow;

/// <summary>
/// What a flow of the plane is looked at by: its density on a grid, the integral of that, and a picture beside data and samples.
/// </summary>
/// <param name="flow">The flow.</param>
public sealed class PlaneDensity(NormalizingFlow flow)
{
    private const int Gap = 8, Pass = 4096;

    /// <summary>Half of the side of the square that pictures show.</summary>
    public double Shown { get; init; } = 4.5;

    /// <summary>Pixels of the side of a picture.</summary>
    public int Panel { get; init; } = 256;

    /// <summary>log p of points, in nats.</summary>
    /// <param name="points">x and y of each in turn.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass over some thousand points.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double[] LogDensity(ReadOnlySpan<float> points, CancellationToken cancellation = default)
    {
        double[] result = new double[points.Length / 2];
        for (int first = 0; first < result.Length; first += Pass)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(Pass, result.Length - first);
            using Tape tape = new(flow.Parameters[0].Device, record: false);
            flow.LogDensity(Tensor.From(points.Slice(2 * first, 2 * count), [count, 2]).Cast(flow.Parameters[0].DType)).ToDoubles()
                .CopyTo(result, first);
        }

        return result;
    }

    /// <summary>
    /// The integral of the density over [-<paramref name="extent"/>, extent]², by the midpoints of <paramref name="side"/> x side squares.
    /// </summary>
    /// <param name="extent">Half of the side of the square.</param>
    /// <param name="side">Squares along a side.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double Integral(double extent = 8, int side = 400, CancellationToken cancellation = default)
    {
        double step = 2 * extent / side;
        return LogDensity(Grid(extent, side), cancellation).Sum(Math.Exp) * step * step;
    }

    /// <summary>Draws points of the model, x and y of each in turn.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass for some thousand points.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than one array holds.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Sample(int count, RandomStream random, CancellationToken cancellation = default)
    {
        // In passes that begin where a group of random numbers does, so that the points are those of a single pass.
        float[] points = new float[ArrayLength.Of(nameof(Sample), nameof(count), count, 2)];
        for (int first = 0; first < count; first += Pass)
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(flow.Parameters[0].Device, record: false);
            flow.Sample(Math.Min(Pass, count - first), random).Cast(DType.Float32).ToArray().CopyTo(points, 2 * first);
        }

        return points;
    }

    /// <summary>
    /// Three pictures from left to right: how often data fall into each place, the density of the model, and how often its samples do.
    /// </summary>
    /// <param name="data">Points of the data.</param>
    /// <param name="samples">Points of the model.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Draw(ReadOnlySpan<float> data, ReadOnlySpan<float> samples, CancellationToken cancellation = default)
    {
        Picture picture = new((3 * Panel) + (4 * Gap), Panel + (2 * Gap), 3);
        picture.Fill(0, 0, picture.Width, picture.Height, Rgb.White);
        double[] density = LogDensity(Grid(Shown, Panel), cancellation);
        for (int i = 0; i < density.Length; i++) density[i] = Math.Exp(density[i]);
        Show(picture, 0, Counts(data), Math.Max(1, Panel / 2));
        Show(picture, 1, density, Panel);
        Show(picture, 2, Counts(samples), Math.Max(1, Panel / 2));
        return picture;
    }

    private static float[] Grid(double extent, int side)
    {
        float[] points = new float[ArrayLength.Of("PlaneDensity", nameof(side), side, 2L * side)];
        double step = 2 * extent / side;
        for (int i = 0; i < side * side; i++)
        {
            // The first row is the uppermost.
            points[2 * i] = (float)((((i % side) + 0.5) * step) - extent);
            points[(2 * i) + 1] = (float)(extent - (((i / side) + 0.5) * step));
        }

        return points;
    }

    private double[] Counts(ReadOnlySpan<float> points)
    {
        int side = Math.Max(1, Panel / 2);
        double[] counts = new double[side * side];
        for (int i = 0; i < points.Length; i += 2)
        {
            double column = (points[i] + Shown) / (2 * Shown) * side, row = (Shown - points[i + 1]) / (2 * Shown) * side;
            if (column >= 0 && column < side && row >= 0 && row < side) counts[((int)row * side) + (int)column]++;
        }

        return counts;
    }

    private void Show(Picture picture, int place, double[] values, int side)
    {
        // The brightest colour is for what only one place in 500 goes beyond.
        double[] sorted = [.. values.Order()];
        double most = Math.Max(sorted[(int)(0.998 * (sorted.Length - 1))], 1e-12);
        int left = Gap + (place * (Panel + Gap));
        for (int y = 0; y < Panel; y++)
            for (int x = 0; x < Panel; x++)
                picture.Fill(left + x, Gap + y, 1, 1, Heat(values[(y * side / Panel * side) + (x * side / Panel)] / most));
    }

    // From black through violet and orange to a light yellow.
    private static Rgb Heat(double share)
    {
        ReadOnlySpan<Rgb> colors = [new(4, 4, 20), new(80, 18, 123), new(183, 55, 121), new(252, 137, 97), new(252, 253, 191)];
        double at = Math.Clamp(double.IsNaN(share) ? 0 : share, 0, 1) * (colors.Length - 1);
        int low = Math.Min((int)at, colors.Length - 2);
        (Rgb a, Rgb b, double t) = (colors[low], colors[low + 1], at - low);
        return new Rgb(Mix(a.R, b.R), Mix(a.G, b.G), Mix(a.B, b.B));

        byte Mix(byte from, byte to) => (byte)Math.Round(from + (t * (to - from)));
    }
}
