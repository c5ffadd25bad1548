namespace Engine.Models.Data.Pictures;

/// <summary>
/// Makes pictures larger or smaller: every new pixel is the mean of the area that it covers, or, where there are to be more pixels than
/// before, lies on a line between its two neighbours, in each direction. All in whole numbers, so that the bytes are the same everywhere.
/// </summary>
internal static class Resampling
{
    /// <summary>A part of a picture in another size.</summary>
    /// <param name="pixels">Bytes, [rows, stride / channels, channels].</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="channels">Bytes of a pixel.</param>
    /// <param name="part">The part: columns from <c>X</c> and rows from <c>Y</c>.</param>
    /// <param name="newWidth">Columns wanted.</param>
    /// <param name="newHeight">Rows wanted.</param>
    /// <returns>[newHeight, newWidth, channels].</returns>
    public static byte[] Of(
        ReadOnlySpan<byte> pixels, int width, int channels, (int X, int Y, int Width, int Height) part, int newWidth, int newHeight)
    {
        Axis across = new(part.Width, newWidth), down = new(part.Height, newHeight);

        // First along the rows, then down the columns.
        int row = newWidth * channels;
        long[] narrow = new long[part.Height * row];
        for (int y = 0; y < part.Height; y++)
        {
            ReadOnlySpan<byte> source = pixels.Slice((((part.Y + y) * width) + part.X) * channels, part.Width * channels);
            for (int x = 0; x < newWidth; x++)
            {
                (int first, int[] weights) = across.At(x);
                for (int c = 0; c < channels; c++)
                {
                    long sum = 0;
                    for (int i = 0; i < weights.Length; i++) sum += (long)weights[i] * source[((first + i) * channels) + c];
                    narrow[(y * row) + (x * channels) + c] = sum;
                }
            }
        }

        byte[] result = new byte[newHeight * row];
        long total = (long)across.Total * down.Total;
        for (int y = 0; y < newHeight; y++)
        {
            (int first, int[] weights) = down.At(y);
            for (int at = 0; at < row; at++)
            {
                long sum = 0;
                for (int i = 0; i < weights.Length; i++) sum += weights[i] * narrow[((first + i) * row) + at];
                result[(y * row) + at] = (byte)((sum + (total / 2)) / total);
            }
        }

        return result;
    }

    /// <summary>The old pixels that each of the new ones in a row is made of, with whole weights.</summary>
    private sealed class Axis
    {
        private readonly (int First, int[] Weights)[] _places;

        public Axis(int from, int to)
        {
            Total = to <= from ? from : 2 * to;
            _places = new (int, int[])[to];
            for (int i = 0; i < to; i++) _places[i] = to <= from ? Covered(from, to, i) : Between(from, to, i);
        }

        /// <summary>The sum of the weights of a place.</summary>
        public int Total { get; }

        public (int First, int[] Weights) At(int place) => _places[place];

        // In units of 1/to of an old pixel, place i covers [i from, (i + 1) from).
        private static (int, int[]) Covered(int from, int to, int i)
        {
            long start = (long)i * from, end = start + from;
            int first = (int)(start / to), last = (int)((end - 1) / to);
            int[] weights = new int[last - first + 1];
            for (int p = first; p <= last; p++)
                weights[p - first] = (int)(Math.Min(end, (long)(p + 1) * to) - Math.Max(start, (long)p * to));
            return (first, weights);
        }

        // The centre of place i is at (i + 1/2) from / to - 1/2 = ((2 i + 1) from - to) / (2 to) of the old centres.
        private static (int, int[]) Between(int from, int to, int i)
        {
            long center = ((2L * i + 1) * from) - to;
            if (center <= 0) return (0, [2 * to]);
            (int first, int share) = ((int)(center / (2 * to)), (int)(center % (2 * to)));
            return first >= from - 1 ? (from - 1, [2 * to]) : (first, [(2 * to) - share, share]);
        }
    }
}
