using Engine.Autograd;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

public sealed partial class PixelRnn
{
    /// <inheritdoc/>
    /// <remarks>
    /// A pixel costs one pass over its row: what the rows above add to it is in the states of the row above, which do not change any more.
    /// </remarks>
    public float[] Sample(int count, RandomStream random, ReadOnlySpan<float> known = default)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Device device = Parameters[0].Device;
        float[] images = PixelModels.Start(count, Pixels, known, out bool[] isOpen),
            chances = PixelModels.Chances(count * Pixels, random, device);
        using Tape tape = new(device, record: false);
        (Tensor Hidden, Tensor Cell)[]? above = null;
        for (int row = 0; row < Height; row++)
        {
            for (int column = 0; column < Width; column++)
            {
                int pixel = (row * Width) + column;
                if (!isOpen[pixel]) continue;
                using Tape ofPixel = new(device, record: false);
                double[] logits = Rows(Around(images, count, row), above, out _).ToDoubles();
                for (int i = 0; i < count; i++)
                {
                    int at = (i * Pixels) + pixel;
                    if (known.Length == 0 || !(known[at] >= 0)) images[at] = PixelModels.Draw(logits[(i * Width) + column], chances[at]);
                }
            }

            using Tape ofRow = new(device, record: false);
            Rows(Around(images, count, row), above, out (Tensor Hidden, Tensor Cell)[] last);
            (Tensor Hidden, Tensor Cell)[]? before = above;
            above = Array.ConvertAll(last, state => (ofRow.Keep(state.Hidden), ofRow.Keep(state.Cell)));
            Release(before);
        }

        Release(above);
        return images;
    }

    // A row of each image with the three above it, [count, 4, columns, 1]; what is above the image is 0.
    private Tensor Around(float[] images, int count, int row)
    {
        float[] rows = new float[count * (Reach + 1) * Width];
        for (int i = 0; i < count; i++)
        {
            int first = Math.Max(0, row - Reach), length = (row + 1 - first) * Width;
            images.AsSpan((i * Pixels) + (first * Width), length).CopyTo(rows.AsSpan(((i + 1) * (Reach + 1) * Width) - length));
        }

        return Tensor.From(rows, [count, Reach + 1, Width, 1]).Cast(Parameters[0].DType);
    }

    private static void Release((Tensor Hidden, Tensor Cell)[]? states)
    {
        foreach ((Tensor hidden, Tensor cell) in states ?? [])
        {
            hidden.Dispose();
            cell.Dispose();
        }
    }
}
