namespace Engine.Models.Data;

/// <summary>
/// Colour images that the engine draws itself: one of ten shapes of a bright colour, turned a little, on a textured ground of duller ones.
/// Nothing has to be downloaded, and there are as many as one asks for, of any size.
/// </summary>
/// <remarks>
/// An image depends on the seed, its index and the size alone, so the first images of a longer set are those of a shorter one. Drawing uses
/// the IEEE operations + - * / in double precision, which every machine that runs .NET rounds alike; the bytes are therefore the same
/// everywhere.
/// </remarks>
public static class ColorShapes
{
    /// <summary>Rows and columns of an image unless another size is asked for.</summary>
    public const int Size = 32;

    private const int Channels = 3, Samples = 4;
    private const ulong OrderStream = 0x73686170, ImageStream = 0x696D6167;

    /// <summary>The names of the classes; the label of an image is the place of its shape among them.</summary>
    public static IReadOnlyList<string> Classes { get; } =
        ["disc", "ring", "square", "triangle", "diamond", "star", "cross", "half disc", "crescent", "heart"];

    /// <summary>
    /// Draws <paramref name="count"/> images, [count, size, size, 3]. Each run of ten images holds every shape once, in random order.
    /// </summary>
    /// <param name="count">Number of images, at least 1.</param>
    /// <param name="seed">Another seed gives other images.</param>
    /// <param name="name">The name of the data set in messages.</param>
    /// <param name="size">Rows and columns, at least 8.</param>
    /// <exception cref="DataException">The size is below 8, or the count below 1 or above what one array holds.</exception>
    public static ImageDataset Draw(int count, ulong seed = 0, string name = "shapes", int size = Size)
    {
        if (size < 8) throw new DataException($"{name}: expected a size of at least 8 pixels, found {size}.");
        long length = (long)size * size * Channels, most = Array.MaxLength / length;
        if (count < 1 || count > most) throw new DataException($"{name}: expected a count from 1 to {most} images, found {count}.");
        byte[] pixels = new byte[count * length];
        int[] labels = new int[count];
        Parallel.For(0, (count + Classes.Count - 1) / Classes.Count, run =>
        {
            Span<int> order = stackalloc int[Classes.Count];
            new CounterRandom(CounterRandom.Key(seed, OrderStream, (ulong)run)).Shuffle(order);
            for (int i = run * Classes.Count; i < Math.Min(count, (run + 1) * Classes.Count); i++)
            {
                labels[i] = order[i % Classes.Count];
                Draw(labels[i], new CounterRandom(CounterRandom.Key(seed, ImageStream, (ulong)i)), size,
                    pixels.AsSpan((int)(i * length), (int)length));
            }
        });
        return new ImageDataset(name, size, size, Channels, pixels, labels, Classes.Count);
    }

    private static void Draw(int shape, CounterRandom random, int size, Span<byte> pixels)
    {
        ShapeGround ground = new(ref random);
        Color color = Color.Of(random.Uniform(0, 6), random.Uniform(0.75, 1), random.Uniform(0.8, 1));

        // The turn by an angle a with t = tan(a / 2): cos a = (1 - t²) / (1 + t²), sin a = 2 t / (1 + t²); up to 18 degrees to each side.
        double t = random.Uniform(-0.16, 0.16), cos = (1 - (t * t)) / (1 + (t * t)), sin = 2 * t / (1 + (t * t));
        double radius = random.Uniform(0.24, 0.4), centerX = random.Uniform(0.42, 0.58), centerY = random.Uniform(0.42, 0.58);
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                int covered = 0;
                for (int s = 0; s < Samples * Samples; s++)
                {
                    double dx = ((x + (((s % Samples) + 0.5) / Samples)) / size) - centerX;
                    double dy = centerY - ((y + (((s / Samples) + 0.5) / Samples)) / size);
                    if (ShapeOutlines.Has(shape, ((cos * dx) + (sin * dy)) / radius, ((cos * dy) - (sin * dx)) / radius)) covered++;
                }

                Color under = ground.At((x + 0.5) / size, (y + 0.5) / size);
                under.Mixed(color, (double)covered / (Samples * Samples)).Write(pixels[(((y * size) + x) * Channels)..]);
            }
        }
    }

    /// <summary>Red, green and blue from 0 to 1.</summary>
    internal readonly record struct Color(double R, double G, double B)
    {
        /// <summary>From hue (0 to 6), saturation and value, both from 0 to 1 (Smith 1978).</summary>
        public static Color Of(double hue, double saturation, double value)
        {
            return new Color(Channel(5), Channel(3), Channel(1));

            double Channel(double shift)
            {
                double k = shift + hue;
                if (k >= 6) k -= 6;
                return value - (value * saturation * Math.Max(0, Math.Min(Math.Min(k, 4 - k), 1)));
            }
        }

        public Color Mixed(Color other, double share) =>
            new(R + ((other.R - R) * share), G + ((other.G - G) * share), B + ((other.B - B) * share));

        public void Write(Span<byte> pixel) => (pixel[0], pixel[1], pixel[2]) = (Byte(R), Byte(G), Byte(B));

        private static byte Byte(double value) => (byte)((Math.Clamp(value, 0, 1) * 255) + 0.5);
    }
}
