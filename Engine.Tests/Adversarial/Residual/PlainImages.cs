namespace Engine.Tests.Adversarial.Residual;

/// <summary>
/// Images in plain float64, [samples, height, width, channels], and what the residual blocks do with them, each by its formula.
/// </summary>
internal sealed record PlainImages(int Samples, int Height, int Width, int Channels, double[] Values)
{
    internal double this[int n, int y, int x, int c] => Values[(((((n * Height) + y) * Width) + x) * Channels) + c];

    internal static PlainImages Of(Tensor x) => new(x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], x.ToDoubles());

    internal PlainImages Map(int height, int width, int channels, Func<int, int, int, int, double> at)
    {
        double[] values = new double[Samples * height * width * channels];
        int i = 0;
        for (int n = 0; n < Samples; n++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    for (int c = 0; c < channels; c++) values[i++] = at(n, y, x, c);
        return new(Samples, height, width, channels, values);
    }

    internal PlainImages Relu() => this with { Values = [.. Values.Select(v => Math.Max(0, v))] };

    internal PlainImages Plus(PlainImages other) => this with { Values = [.. Values.Zip(other.Values, (a, b) => a + b)] };

    internal PlainImages Doubled() => Map(2 * Height, 2 * Width, Channels, (n, y, x, c) => this[n, y / 2, x / 2, c]);

    internal PlainImages Halved() => Map(Height / 2, Width / 2, Channels, (n, y, x, c) => (this[n, 2 * y, 2 * x, c]
        + this[n, 2 * y, (2 * x) + 1, c] + this[n, (2 * y) + 1, 2 * x, c] + this[n, (2 * y) + 1, (2 * x) + 1, c]) / 4);

    /// <summary>The largest of 2 x 2.</summary>
    internal PlainImages Largest() => Map(Height / 2, Width / 2, Channels, (n, y, x, c) => Math.Max(
        Math.Max(this[n, 2 * y, 2 * x, c], this[n, 2 * y, (2 * x) + 1, c]),
        Math.Max(this[n, (2 * y) + 1, 2 * x, c], this[n, (2 * y) + 1, (2 * x) + 1, c])));

    /// <summary>A convolution of an odd kernel, as many places of zeros around; of one of 1 x 1 where the weight is a matrix.</summary>
    internal PlainImages Convolved(Parameter weight, Parameter? bias = null)
    {
        double[] w = weight.ToDoubles(), b = bias?.ToDoubles() ?? new double[weight.Shape[-1]];
        int outputs = weight.Shape[-1], kernel = weight.Shape.Rank == 4 ? weight.Shape[0] : 1;
        return Map(Height, Width, outputs, (n, y, x, c) =>
        {
            double sum = b[c];
            for (int i = 0; i < kernel; i++)
            {
                for (int j = 0; j < kernel; j++)
                {
                    (int row, int column) = (y + i - (kernel / 2), x + j - (kernel / 2));
                    if (row < 0 || row >= Height || column < 0 || column >= Width) continue;
                    for (int k = 0; k < Channels; k++)
                        sum += this[n, row, column, k] * w[(((((i * kernel) + j) * Channels) + k) * outputs) + c];
                }
            }

            return sum;
        });
    }

    /// <summary>Normalised over all but the channels, times 1 + A v, plus B v, with a vector v of each sample.</summary>
    internal PlainImages Modulated(double[] vectors, Parameter scale, Parameter offset)
    {
        double[] a = scale.ToDoubles(), b = offset.ToDoubles();
        int length = vectors.Length / Samples;
        (double Mean, double Deviation)[] statistics = [.. Enumerable.Range(0, Channels).Select(c =>
        {
            double[] all = [.. Enumerable.Range(0, Values.Length / Channels).Select(i => Values[(i * Channels) + c])];
            double mean = all.Average();
            return (mean, Math.Sqrt(all.Average(v => (v - mean) * (v - mean)) + 1e-5));
        })];
        return Map(Height, Width, Channels, (n, y, x, c) =>
            ((1 + Product(a, n, c)) * (this[n, y, x, c] - statistics[c].Mean) / statistics[c].Deviation) + Product(b, n, c));

        double Product(double[] matrix, int n, int c) =>
            Enumerable.Range(0, length).Sum(k => vectors[(n * length) + k] * matrix[(k * Channels) + c]);
    }
}
