using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Engine.Models.Training.Reports;

namespace Engine.Tests.Training;

public sealed class TrainingReportTests : IsolatedTests
{
    private const string Evil = "<script>alert(\"1\")</script> & 'more'";

    private readonly Dictionary<string, string> _captions = [];

    [Fact]
    public void Everything_that_is_not_the_reports_own_is_escaped()
    {
        new Picture(2, 2, 1).Save(Folder["a & <b>.png"]);
        Folder.Put("note <i>.txt", Encoding.UTF8.GetBytes(Evil));
        _captions["a & <b>.png"] = Evil;
        string html = Report(Evil,
            new EpochMeans(1, new Dictionary<string, double> { [Evil] = 1 }) { Metrics = new Dictionary<string, double> { [Evil] = 2 } },
            "a & <b>.png");

        // The page's own scripts: the numbers of the curves, and what shows them.
        Assert.Equal(2, Regex.Count(html, "<script"));
        Assert.Equal(2, Regex.Count(html, "</script>"));
        Assert.DoesNotContain("<b>", html);
        Assert.DoesNotContain("<i>", html);
        Assert.Contains("<pre>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; ", html);
        Assert.Equal(Evil, Curves(html)[0].GetProperty("curves")[0].GetProperty("name").GetString());
    }

    [Fact]
    public void The_page_needs_nothing_but_itself_and_knows_light_and_dark()
    {
        new Picture(2, 2, 1).Save(Folder["epoch-001.png"]);
        string html = Report("gan", new EpochMeans(1, new Dictionary<string, double> { ["loss"] = 1 }), "epoch-001.png");
        string[] sources = [.. Regex.Matches(html, "(?:src|href)=\"([^\"]*)").Select(match => match.Groups[1].Value)];
        Assert.All(sources[1..], source => Assert.Matches("^data:image/(png|svg\\+xml);base64,", source));
        Assert.Equal("../../docs/lessons/gan.md", sources[0]);
        Assert.DoesNotMatch("@import|url\\((?!#)|fetch|XMLHttp|import\\(", html);
        Assert.Equal(["http://www.w3.org/2000/svg"], Regex.Matches(html, "https?:[^\"]*").Select(match => match.Value));
        Assert.Contains("prefers-color-scheme: dark", html);
        Assert.Contains("content=\"width=device-width, initial-scale=1\"", html);
        string picture = Regex.Match(html, "png;base64,([^\"]+)").Groups[1].Value;
        Assert.Equal(File.ReadAllBytes(Folder["epoch-001.png"]), Convert.FromBase64String(picture));
    }

    [Fact]
    public void The_parts_stand_in_their_order()
    {
        new Picture(2, 2, 1).Save(Folder["epoch-001.png"]);
        new Picture(2, 2, 1).Save(Folder["epoch-002.png"]);
        new Picture(2, 2, 1).Save(Folder["digit.png"]);
        Folder.Put("sample.txt", "A text."u8.ToArray());
        EpochMeans[] history = [.. new[] { 3.0, 1, 2 }.Select((value, i) => new EpochMeans(
            i + 1, new Dictionary<string, double> { ["loss"] = value }) { Metrics = new Dictionary<string, double> { ["test"] = value } })];
        string html = Report("gan", history, "epoch-001.png", "epoch-002.png", "digit.png");
        string[] headings = [.. Regex.Matches(html, "<h[123]>([^<]*)").Select(match => match.Groups[1].Value)];
        Assert.Equal(["gan", "Results", "Measured after epochs", "Pictures", "Over the epochs", "Sample", "Losses", "What was measured",
            "By steps", "How it was made", "Run", "Options"], headings);
        Assert.Contains("<a href=\"../../docs/lessons/gan.md\">lessons/gan.md</a>", html);
        Assert.Contains("<code class=\"command\">dotnet run gan.cs</code>", html);
        Assert.Contains("<pre>A text.</pre>", html);

        // First, last, lowest, highest.
        string[] measured = [.. Regex.Matches(html, "<td>([^<]*)<br><span class=\"soft\">epoch (\\d)").Select(
            match => $"{match.Groups[1].Value} at {match.Groups[2].Value}")];
        Assert.Equal(["3 at 1", "2 at 3", "1 at 2", "3 at 1"], measured);
        Assert.EndsWith("</html>\n", html);
    }

    [Fact]
    public void Pictures_of_a_series_have_their_epoch_and_all_pictures_words()
    {
        foreach (string name in (string[])["samples-009.png", "samples-010.png", "temperature-0.70.png", "map.svg"])
            File.WriteAllBytes(Folder[name], new Picture(1, 1, 1).ToPng());
        _captions["samples-.png"] = "64 samples";
        string html = Report("gan", [], "samples-009.png", "samples-010.png", "temperature-0.70.png", "map.svg");
        Assert.Equal(["epoch 9", "epoch 10", "Temperature 0.70", "Map"],
            Regex.Matches(html, "<figcaption>([^<]*)").Select(match => match.Groups[1].Value));
        Assert.Contains("<h3>64 samples</h3>", html);
        Assert.Equal(2, Regex.Count(Regex.Match(html, "<div class=\"strip\">.*?</div>", RegexOptions.Singleline).Value, "<figure>"));
        Assert.Contains("class=\"drawn\" alt=\"Map: map.svg\" src=\"data:image/svg+xml", html);
    }

    [Fact]
    public void Values_that_are_not_finite_break_curves()
    {
        double[] values = [3, 1, double.NaN, -2, 7, double.PositiveInfinity, 5e300];
        EpochMeans[] history = [.. values.Select(
            (value, i) => new EpochMeans(i + 1, new Dictionary<string, double> { ["a"] = value, ["b"] = 0.5 }))];
        string html = Report("gan", history), svg = Drawings(html)[0];
        XElement[] curves = [.. XElement.Parse(svg).Descendants().Where(element => element.Name.LocalName == "polyline"
            && Regex.IsMatch(element.Attribute("style")!.Value, "stroke:rgb\\((0,114,178|213,94,0)\\)"))];

        // a is broken twice, b is whole; a stroke of each is in the legend, and of the last value of a, which has no neighbours, a dot.
        Assert.Equal(2 + 1 + 2, curves.Count(curve => curve.Attribute("points")!.Value.Contains(' ')));
        JsonElement a = Curves(html)[0].GetProperty("curves")[0];
        Assert.Equal("[1,2,3,4,5,6,7]", a.GetProperty("x").GetRawText());
        Assert.Equal("[3,1,null,-2,7,null,5E+300]", a.GetProperty("y").GetRawText());
        Assert.Equal("epoch", Curves(html)[0].GetProperty("over").GetString());
    }

    [Fact]
    public void Long_trainings_have_curves_of_bounded_size_and_some_of_their_pictures()
    {
        EpochMeans[] history = [.. Enumerable.Range(1, 20_000)
            .Select(i => new EpochMeans(i, new Dictionary<string, double> { ["a"] = Math.Sin(i) }))];
        string[] names = [.. Enumerable.Range(1, 100).Select(i => $"epoch-{i:000}.png")];
        foreach (string name in names) new Picture(1, 1, 1).Save(Folder[name]);
        string html = Report("gan", history, names);
        Assert.InRange(Drawings(html)[0].Length, 5_000, 50_000);
        JsonElement x = Curves(html)[0].GetProperty("curves")[0].GetProperty("x");
        Assert.InRange(x.GetArrayLength(), 900, 1100);
        Assert.Equal(20_000, x[x.GetArrayLength() - 1].GetInt32());
        Assert.Equal(24, Regex.Count(html, "<figcaption>"));
        Assert.Contains("<figcaption>epoch 1</figcaption>", html);
        Assert.Contains("<figcaption>epoch 100</figcaption>", html);
        Assert.Contains("epoch-001.png to epoch-100.png, 24 of 100", html);
    }

    [Fact]
    public void Without_numbers_and_with_pictures_that_are_gone_there_is_still_a_page()
    {
        string html = Report("gan", [], "gone.png");
        Assert.StartsWith("<!doctype html>", html);
        Assert.DoesNotContain("<figcaption>", html);
        Assert.DoesNotContain("<h2>Losses", html);
    }

    // The charts as the script of the page finds them.
    private static JsonElement Curves(string html) => JsonDocument.Parse(
        Regex.Match(html, "<script type=\"application/json\" id=\"curves\">(.*?)</script>").Groups[1].Value).RootElement;

    // The charts as they are shown without the script.
    private static string[] Drawings(string html) => [.. Regex.Matches(html, "<figure id=\"chart-\\d+\"><img[^>]*base64,([^\"]+)")
        .Select(match => Encoding.UTF8.GetString(Convert.FromBase64String(match.Groups[1].Value)))];

    private string Report(string text, EpochMeans line, params string[] pictures) => Report(text, [line], pictures);

    private string Report(string text, EpochMeans[] history, params string[] pictures)
    {
        StepCurve curve = new(text);
        curve.Add(1, 2);
        return new TrainingReport
        {
            Title = text,
            Page = ("../../docs/lessons/gan.md", "lessons/gan.md"),
            Status = text,
            HasFailed = false,
            Command = "dotnet run gan.cs",
            Results = [(text, text)],
            Settings = [(text, text)],
            Facts = [(text, text)],
            History = history,
            StepCurves = [curve],
            Files = new ReportFiles(Folder.Path, pictures,
                [.. Directory.GetFiles(Folder.Path, "*.txt").Select(path => Path.GetFileName(path))], _captions),
        }.ToHtml();
    }
}
