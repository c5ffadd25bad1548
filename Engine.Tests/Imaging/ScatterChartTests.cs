namespace Engine.Tests.Imaging;

public sealed class ScatterChartTests
{
    [Fact]
    public void Points_of_each_class_lie_where_their_numbers_say()
    {
        Picture picture = new ScatterChart { Title = "t", XLabel = "x", YLabel = "y" }
            .Add("low", [0, 0.1, double.NaN], [0, 0.1, 5]).Add("high", [1], [1]).Draw();
        (int X, int Y)[] red = Pixels(picture, (r, _, b) => r > 150 && b < 100), cyan = Pixels(picture, (r, _, b) => b > 100 && r < 100);
        Assert.NotEmpty(red);
        Assert.NotEmpty(cyan);
        Assert.True(red.Max(p => p.X) < cyan.Min(p => p.X) && red.Min(p => p.Y) > cyan.Max(p => p.Y),
            "the first class must lie to the lower left");
    }

    [Fact]
    public void As_many_classes_as_there_are_have_colours_of_their_own()
    {
        ScatterChart chart = new();
        for (int i = 0; i < 10; i++) chart.Add($"{i}", [i], [i]);
        Picture picture = chart.Draw();
        HashSet<(byte, byte, byte)> legend = [];
        for (int i = 0; i + 2 < picture.Pixels.Length; i += 3) legend.Add(
            (picture.Pixels[i], picture.Pixels[i + 1], picture.Pixels[i + 2]));
        Assert.True(legend.Count(
            c => Math.Max(c.Item1, Math.Max(c.Item2, c.Item3)) - Math.Min(c.Item1, Math.Min(c.Item2, c.Item3)) > 100) >= 10);
    }

    [Fact]
    public void Charts_without_points_show_empty_axes_and_unequal_numbers_are_refused()
    {
        new ScatterChart().Draw();
        new ScatterChart().Add("none", [double.NaN], [1]).Draw();
        Refused("as many x as y, found 1 and 2", () => new ScatterChart().Add("a", [1.0], [1.0, 2.0]));
    }

    // Below the legend only.
    private static (int X, int Y)[] Pixels(Picture picture, Func<byte, byte, byte, bool> takes) =>
        [.. Enumerable.Range(0, picture.Width * picture.Height)
            .Select(i => (X: i % picture.Width, Y: i / picture.Width))
            .Where(p => p.Y > 68 && takes(picture.Row(p.Y)[3 * p.X], picture.Row(p.Y)[(3 * p.X) + 1], picture.Row(p.Y)[(3 * p.X) + 2]))];
}
