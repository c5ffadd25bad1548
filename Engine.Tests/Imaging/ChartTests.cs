namespace Engine.Tests.Imaging;

public sealed class ChartTests
{
    private static readonly Rgb s_red = new(255, 0, 0), s_blue = new(0, 0, 255);

    [Fact]
    public void A_line_rises_from_the_lower_left_to_the_upper_right()
    {
        Picture picture = new LineChart { Title = "t", XLabel = "x", YLabel = "y" }.Add("rising", [0, 1, 2, 3], s_red).Draw();
        (int X, int Y)[] red = [.. Find(picture, s_red).Where(p => p.Y > 100)];

        (int X, int Y) first = red.MinBy(p => p.X), last = red.MaxBy(p => p.X);
        Assert.True(first.Y - last.Y > 300, $"{first} to {last}");
        Assert.True(last.X - first.X > 700, $"{first} to {last}");
    }

    [Fact]
    public void A_band_lies_between_its_lines_and_widens_the_scale()
    {
        Picture picture = new LineChart().AddBand("band", [0, 1, 2], [0, 0, 0], [1, 2, 3], s_red)
            .Add("line", [0, 1, 2], [0, 1, 1.5], s_blue).Draw();

        // Red over white: the other two channels are lower by its share.
        int[] heights = new int[picture.Width];
        for (int x = 0; x < picture.Width; x++)
            for (int y = 100; y < picture.Height; y++)
                if (picture.Row(y)[3 * x] > 200 && picture.Row(y)[(3 * x) + 1] is > 120 and < 200) heights[x]++;
        int[] filled = [.. heights.Where(height => height > 40)];
        Assert.True(filled.Length > 600, $"{filled.Length} columns");
        Assert.InRange(filled[^1] / (double)filled[0], 2.2, 3.4);
    }

    [Fact]
    public void Values_that_are_not_finite_break_the_line_and_leave_the_scale_alone()
    {
        Picture with = new LineChart().Add("a", [1, 2, double.NaN, double.PositiveInfinity, 2, 1], s_red).Draw();
        int[] columns = [.. Find(with, s_red).Where(p => p.Y > 60).Select(p => p.X).Distinct().Order()];
        int widest = columns.Zip(columns.Skip(1), (a, b) => b - a).Max();
        Assert.True(widest > 300, $"the widest gap is {widest}");
    }

    [Theory, Values(0, 0.9)]
    public void Many_points_show_their_whole_range(double smoothing)
    {
        double[] y = [.. Enumerable.Range(0, 100_000).Select(i => i == 50_000 ? 10.0 : i % 2)];
        Picture picture = new LineChart { Smoothing = smoothing }.Add("a", y, s_red).Draw();
        int top = smoothing == 0 ? Find(picture, s_red).Where(p => p.Y > 40).Min(p => p.Y) : 0;
        Assert.InRange(top, 0, 90);
    }

    [Fact]
    public void Charts_without_values_show_empty_axes()
    {
        new LineChart().Draw();
        new LineChart { LogY = true }.Add("none", [0, -1, double.NaN]).Draw();
        new Histogram().AddSamples("none", [float.NaN]).Draw();
    }

    [Theory, Rows("1e-9 2e-9, -5 1e9, 3 3, 0 0, 1e300 1.5e300, 1e6 1000001")]
    public void Any_range_can_be_drawn(double low, double high)
    {
        new LineChart { YLabel = "y" }.Add("a", [low, high]).Draw();
        new LineChart { LogY = true }.Add("a", [low, high]).Draw();
    }

    [Fact]
    public void A_histogram_is_as_high_as_the_density_it_samples()
    {
        // Uniform on [0, 2): density 0.5 everywhere; the bars must end half-way between curves at 0.25 and 0.75.
        float[] samples = [.. Enumerable.Range(0, 20_000).Select(i => i / 10_000f)];
        Picture picture = new Histogram { Low = 0, High = 2, Bins = 20 }
            .AddSamples("samples", samples, s_red).AddCurve("a", _ => 0.25, s_blue).AddCurve("b", _ => 0.75, s_blue).Draw();
        int[] curves = [.. Find(picture, s_blue).Where(p => p.Y > 65).Select(p => p.Y)];
        int bars = Find(picture, s_red).Where(p => p.Y > 65).Min(p => p.Y);
        Assert.InRange(bars - (curves.Min() + curves.Max()) / 2, -3, 3);
    }

    [Fact]
    public void Properties_out_of_range_are_refused()
    {
        Refused("Smoothing must lie in [0, 1), was 1", () => new LineChart { Smoothing = 1 }.Draw());
        Refused("as many x as y, found 1 and 2", () => new LineChart().Add("a", [1.0], [1.0, 2.0]));
        Refused("Bins must be at least 1, was 0", () => new Histogram { Bins = 0 }.Draw());
        Refused("was 2 to 1", () => new Histogram { Low = 2, High = 1 }.Draw());
        Refused("has no room for its labels", () => new LineChart { Width = 40, Height = 40 }.Draw());
    }

    [Fact]
    public void Every_printable_character_of_the_font_differs_from_every_other()
    {
        HashSet<string> shapes = [];
        for (char c = ' '; c <= '~' + 1; c++)
        {
            var picture = new Picture(PixelFont.Advance, PixelFont.Height, 1);
            picture.Text(0, 0, c.ToString(), Rgb.White);
            Assert.True(shapes.Add(Convert.ToHexString(picture.Pixels)), $"'{c}' looks like another character");
        }
    }

    private static List<(int X, int Y)> Find(Picture picture, Rgb color)
    {
        List<(int, int)> found = [];
        for (int y = 0; y < picture.Height; y++)
        {
            for (int x = 0; x < picture.Width; x++)
            {
                Span<byte> p = picture.Row(y).Slice(x * 3, 3);
                if (p[0] == color.R && p[1] == color.G && p[2] == color.B) found.Add((x, y));
            }
        }

        return found;
    }
}
