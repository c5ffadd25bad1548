using System.Globalization;
using System.Xml.Linq;

namespace Engine.Tests.Imaging;

public sealed class ChartTests
{
    private static readonly Rgb s_red = new(255, 0, 0), s_blue = new(0, 0, 255);

    [Fact]
    public void A_line_rises_from_the_lower_left_to_the_upper_right_on_a_white_ground()
    {
        XElement svg = Drawn(new Chart { Title = "t & <u>", XLabel = "x", YLabel = "y" }.Line("rising", [0, 1, 2, 3], s_red));
        (double X, double Y)[] points = Points(Curves(svg, s_red).Single());
        Assert.Equal(4, points.Length);
        for (int i = 1; i < 4; i++) Assert.True(points[i].X > points[i - 1].X && points[i].Y < points[i - 1].Y);
        Assert.All(points, point => Assert.True(point.X is > 0 and < 960 && point.Y is > 0 and < 540));
        Assert.Equal("0 0 960 540", svg.Attribute("viewBox")!.Value);
        Assert.Equal("t & <u>", svg.Elements().First().Value);
        XElement ground = svg.Elements().First(element => element.Name.LocalName == "rect");
        Assert.Equal(("960", "540"), (ground.Attribute("width")!.Value, ground.Attribute("height")!.Value));
        Assert.StartsWith("fill:rgb(255,255,255)", ground.Attribute("style")!.Value);
    }

    [Fact]
    public void Text_is_text_and_the_steps_of_whole_numbers_are_whole()
    {
        string[] texts = Texts(Drawn(new Chart { Title = "losses", XLabel = "epoch", YLabel = "nats" }.Line("test", [1, 2], [3, 4])));
        foreach (string text in (string[])["losses", "epoch", "nats", "test", "1", "2"]) Assert.Contains(text, texts);
        Assert.DoesNotContain("1.5", texts[..texts.IndexOf("epoch")]);
    }

    [Fact]
    public void The_same_numbers_give_the_same_bytes_whatever_the_language()
    {
        string first = Draw();
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            Assert.Equal(first, Draw());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        static string Draw()
        {
            Chart chart = new Chart().Line("a", [0.5, 1.25]).Scatter("b", [0.1], [0.2]);
            string svg = chart.ToSvg();
            Assert.Equal(svg, chart.ToSvg());
            return svg;
        }
    }

    [Fact]
    public void A_band_lies_between_its_lines_and_has_gaps()
    {
        Chart chart = new Chart().Band("band", [0, 1, 2, 3, 4], [0, 0, double.NaN, 0, 0], [1, 2, 3, 4, 5], s_red);
        (double X, double Y)[][] areas = [.. Drawn(chart).Descendants().Where(element => element.Name.LocalName == "polygon")
            .Where(element => element.Attribute("style")!.Value.Contains("rgb(255,0,0)")).Select(Points)];

        // The legend has a small one of its own.
        double[] heights = [.. areas.Select(area => area.Max(p => p.Y) - area.Min(p => p.Y)).Where(height => height > 50)];
        Assert.Equal(2, heights.Length);
        Assert.InRange(heights[1] / heights[0], 2.4, 2.6);
    }

    [Fact]
    public void Values_that_are_not_finite_break_the_line_and_a_point_alone_is_a_dot()
    {
        XElement svg = Drawn(new Chart().Line("a", [1, 2, double.NaN, double.PositiveInfinity, 2, 1, double.NaN, 1.5], s_red));
        Assert.Equal(2, Curves(svg, s_red).Count(curve => Points(curve).Length == 2));
        Assert.Single(Dots(svg, s_red));
    }

    [Fact]
    public void Many_points_show_their_whole_range_in_few_bytes()
    {
        double[] y = [.. Enumerable.Range(0, 20_000).Select(i => i == 10_000 ? 10.0 : i % 2)];
        string svg = new Chart().Line("a", y, s_red).ToSvg();
        Assert.InRange(svg.Length, 5_000, 60_000);
        (double X, double Y)[] points = [.. Curves(XElement.Parse(svg), s_red).SelectMany(Points)];
        Assert.InRange(points.Max(p => p.Y) - points.Min(p => p.Y), 400, 540);
    }

    [Fact]
    public void Charts_without_values_show_empty_axes()
    {
        Assert.NotEmpty(Texts(Drawn(new Chart())));
        Assert.NotEmpty(Texts(Drawn(new Chart { LogY = true }.Line("none", [0, -1, double.NaN]))));
        Assert.NotEmpty(Texts(Drawn(new Chart().Histogram("none", [float.NaN], 0, 1).Scatter("none", [double.NaN], [1]))));
    }

    [Theory, Rows("1e-9 2e-9, -5 1e9, 3 3, 0 0, 1e300 1.5e300, 1e6 1000001")]
    public void Any_range_can_be_drawn(double low, double high)
    {
        Drawn(new Chart { YLabel = "y" }.Line("a", [low, high]));
        Drawn(new Chart { LogY = true }.Line("a", [low, high]));
    }

    [Fact]
    public void A_histogram_is_as_high_as_the_density_it_samples()
    {
        // Uniform on [0, 2): density 0.5 everywhere; the bars must end half-way between curves at 0.25 and 0.75. Outside lies as much.
        float[] samples = [.. Enumerable.Range(0, 20_000).Select(i => i / 10_000f), .. Enumerable.Repeat(9f, 20_000)];
        XElement svg = Drawn(new Chart().Histogram("samples", samples, 0, 2, 20, s_red)
            .Function("a", _ => 0.125, 0, 2, s_blue).Function("b", _ => 0.375, 0, 2, s_blue));
        double[] curves = [.. Curves(svg, s_blue).Select(curve => Points(curve)[0].Y).Order()];
        XElement[] bars = [.. svg.Descendants().Where(element => element.Name.LocalName == "rect"
            && element.Attribute("style")?.Value.StartsWith("fill:rgb(255,0,0)", StringComparison.Ordinal) == true)];
        double[] tops = [.. bars.Select(bar => double.Parse(bar.Attribute("y")!.Value, CultureInfo.InvariantCulture)).Where(y => y > 50)];
        Assert.Equal(20, tops.Length);
        Assert.All(tops, top => Assert.Equal(0.5 * (curves[^1] + curves[^2]), top, 2.0));
    }

    [Fact]
    public void Points_of_each_class_lie_where_their_numbers_say_and_take_turns()
    {
        XElement svg = Drawn(new Chart().Scatter("low", [0, 0.1, double.NaN], [0, 0.1, 5], s_red).Scatter("high", [1, 1], [1, 1], s_blue));
        XElement[] red = Dots(svg, s_red), blue = Dots(svg, s_blue), all = [.. svg.Descendants().Where(IsDot)];
        Assert.Equal((2, 2), (red.Length, blue.Length));
        Assert.True(red.Max(dot => At(dot, "cx")) < blue.Min(dot => At(dot, "cx")));
        Assert.True(red.Min(dot => At(dot, "cy")) > blue.Max(dot => At(dot, "cy")));
        Assert.True(Array.IndexOf(all, blue[0]) < Array.IndexOf(all, red[1]));
    }

    [Fact]
    public void Ten_classes_have_colours_of_their_own() => Assert.Equal(10, Rgb.Palette.ToArray().Distinct().Count());

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Refused("The line 'a' needs as many x as y, found 1 and 2", () => new Chart().Line("a", [1.0], [1.0, 2.0]));
        Refused("The points of 'a' needs as many x as y, found 1 and 2", () => new Chart().Scatter("a", [1.0], [1.0, 2.0]));
        Refused("The band 'a' needs as many x as y, found 1 and 2", () => new Chart().Band("a", [1.0], [1.0, 2.0], [1]));
        Refused("from a finite low to a finite high, found 2 to 1", () => new Chart().Histogram("a", [], 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Chart().Histogram("a", [], 0, 1, bins: 0));
    }

    private static XElement Drawn(Chart chart) => XElement.Parse(chart.ToSvg());

    private static string[] Texts(XElement svg) =>
        [.. svg.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];

    // Lines of a colour, without the stroke in the legend.
    private static IEnumerable<XElement> Curves(XElement svg, Rgb color) => svg.Descendants().Where(
        element => element.Name.LocalName == "polyline" && IsOf(element, $"stroke:rgb({color.R},{color.G},{color.B})")
            && !Points(element).All(p => p.Y < 45));

    // Without the marker in the legend.
    private static XElement[] Dots(XElement svg, Rgb color) => [.. svg.Descendants().Where(
        element => IsDot(element) && IsOf(element, $"fill:rgb({color.R},{color.G},{color.B})"))];

    private static bool IsDot(XElement element) => element.Name.LocalName == "ellipse" && At(element, "cy") > 32;

    private static bool IsOf(XElement element, string style) => element.Attribute("style")?.Value.Contains(style) == true;

    private static double At(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static (double X, double Y)[] Points(XElement element) =>
        [.. element.Attribute("points")!.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(','))
            .Select(pair => (double.Parse(pair[0], CultureInfo.InvariantCulture), double.Parse(pair[1], CultureInfo.InvariantCulture)))];
}
