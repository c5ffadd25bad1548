using System.Xml.Linq;

namespace Engine.Tests.Imaging;

public sealed class GraphDrawingTests
{
    [Fact]
    public void Every_arrow_leads_to_the_right_and_nodes_do_not_overlap()
    {
        GraphDrawing graph = new();
        int w = graph.Add(["w", "0.5"]), x = graph.Add(["x"]), m = graph.Add(["w x"], w, x), b = graph.Add(["b"]);
        int s = graph.Add(["a longer sum", "<1>", "& more"], m, b);
        graph.Add(["s s"], s, s);
        XElement svg = XElement.Parse(graph.ToSvg());

        XElement[] boxes = [.. svg.Elements().Where(element => element.Name.LocalName == "rect").Skip(1)];
        (double X, double Y, double Width, double Height)[] sides =
            [.. boxes.Select(box => (Side(box, "x"), Side(box, "y"), Side(box, "width"), Side(box, "height")))];
        Assert.Equal(6, sides.Length);
        for (int i = 0; i < sides.Length; i++)
            for (int k = 0; k < i; k++) Assert.False(
                sides[i].X < sides[k].X + sides[k].Width && sides[k].X < sides[i].X + sides[i].Width
                && sides[i].Y < sides[k].Y + sides[k].Height && sides[k].Y < sides[i].Y + sides[i].Height, $"{k} and {i} overlap");
        foreach ((int from, int to) in (ReadOnlySpan<(int, int)>)[(w, m), (x, m), (m, s), (b, s), (s, 5)])
            Assert.True(sides[from].X + sides[from].Width < sides[to].X);
        Assert.Equal(6, svg.Elements().Count(element => element.Name.LocalName == "path"));
        Assert.Contains(svg.Elements(), element => element.Value == "& more");

        // w above x, as they are named in the product, and b in the column before the sum
        Assert.True(sides[w].Y < sides[x].Y);
        Assert.True(sides[b].X > sides[x].X);
    }

    [Fact]
    public void Graphviz_gets_the_same_nodes_and_arrows()
    {
        GraphDrawing graph = new();
        graph.Add(["a \"b\"", "1"]);
        graph.Add(["c"], 0, 0);
        string dot = graph.ToDot();
        Assert.Contains("n0 [label=\"a \\\"b\\\"\\n1\"];", dot);
        Assert.Equal(3, dot.Split("n0 -> n1;").Length);
    }

    [Fact]
    public void A_node_that_leads_from_nowhere_is_refused()
    {
        GraphDrawing graph = new();
        Assert.Contains("found 0", Assert.Throws<ArgumentOutOfRangeException>(() => graph.Add(["a"], 0)).Message);
        Assert.Throws<ArgumentException>(() => graph.Add([]));
        Assert.Equal(0, graph.Add(["a"]));
        Assert.StartsWith("<svg", new GraphDrawing().ToSvg());
    }

    private static double Side(XElement box, string name) => (double)box.Attribute(name)!;
}
