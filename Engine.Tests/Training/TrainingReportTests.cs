using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Engine.Tests.Training;

public sealed class TrainingReportTests : IsolatedTests
{
    private const string Evil = "<script>alert(\"1\")</script> & 'more'";

    [Fact]
    public void Everything_that_is_not_the_reports_own_is_escaped()
    {
        new Picture(2, 2, 1).Save(Folder["a & <b>.png"]);
        string html = Report(Evil,
            new EpochMeans(1, new Dictionary<string, double> { [Evil] = 1 }) { Metrics = new Dictionary<string, double> { [Evil] = 2 } },
            "a & <b>.png");
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("<b>", html);
        Assert.Contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; ", html);
    }

    [Fact]
    public void The_page_needs_nothing_but_itself_and_knows_light_and_dark()
    {
        new Picture(2, 2, 1).Save(Folder["epoch-001.png"]);
        string html = Report("gan", new EpochMeans(1, new Dictionary<string, double> { ["loss"] = 1 }), "epoch-001.png");
        foreach (Match source in Regex.Matches(html, "(src|href|url)\\s*[=(]\\s*\"?([^\"]{0,26})")) Assert.Matches(
            "^data:image/(png|svg\\+xml);base64,", source.Groups[2].Value);
        Assert.DoesNotContain("http", html);
        Assert.Contains("prefers-color-scheme: dark", html);
        string picture = Regex.Match(html, "png;base64,([^\"]+)").Groups[1].Value;
        Assert.Equal(File.ReadAllBytes(Folder["epoch-001.png"]), Convert.FromBase64String(picture));
    }

    [Fact]
    public void Values_that_are_not_finite_break_curves()
    {
        double[] values = [3, 1, double.NaN, -2, 7, double.PositiveInfinity, 5];
        EpochMeans[] history = [.. values.Select(
            (value, i) => new EpochMeans(i + 1, new Dictionary<string, double> { ["a"] = value, ["b"] = 0.5 }))];
        string svg = Charts(Report("gan", history)).Single();
        XElement[] curves = [.. XElement.Parse(svg).Descendants().Where(element => element.Name.LocalName == "polyline"
            && Regex.IsMatch(element.Attribute("style")!.Value, "stroke:rgb\\((0,114,178|213,94,0)\\)"))];

        // a is broken twice, b is whole; a stroke of each is in the legend, and of the last value of a, which has no neighbours, a dot.
        Assert.Equal(2 + 1 + 2, curves.Count(curve => curve.Attribute("points")!.Value.Contains(' ')));
        Assert.Contains(">a</text>", svg);
        Assert.Contains(">b</text>", svg);
    }

    [Fact]
    public void Long_trainings_have_curves_of_bounded_size_and_some_of_their_pictures()
    {
        EpochMeans[] history = [.. Enumerable.Range(1, 20_000)
            .Select(i => new EpochMeans(i, new Dictionary<string, double> { ["a"] = Math.Sin(i) }))];
        string[] names = [.. Enumerable.Range(1, 100).Select(i => $"epoch-{i:000}.png")];
        foreach (string name in names) new Picture(1, 1, 1).Save(Folder[name]);
        string html = Report("gan", history, names);
        Assert.InRange(Charts(html).Single().Length, 5_000, 50_000);
        Assert.Equal(24, Regex.Count(html, "<figcaption>"));
        Assert.Contains("<figcaption>epoch-001</figcaption>", html);
        Assert.Contains("<figcaption>epoch-100</figcaption>", html);
        Assert.Contains("24 of 100 are shown.", html);
    }

    [Fact]
    public void Without_numbers_and_with_pictures_that_are_gone_there_is_still_a_page()
    {
        string html = Report("gan", [], "gone.png");
        Assert.StartsWith("<!doctype html>", html);
        Assert.DoesNotContain("<figure>", html);
    }

    // The drawings of curves.
    private static string[] Charts(string html) => [.. Regex.Matches(html, "svg\\+xml;base64,([^\"]+)")
        .Select(match => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(match.Groups[1].Value)))];

    private string Report(string text, EpochMeans line, params string[] pictures) => Report(text, [line], pictures);

    private string Report(string text, EpochMeans[] history, params string[] pictures) => new TrainingReport
    {
        Title = text,
        Status = text,
        HasFailed = false,
        Results = [(text, text)],
        Settings = [(text, text)],
        Facts = [(text, text)],
        History = history,
        Pictures = pictures,
        Folder = Folder.Path,
    }.ToHtml();
}
