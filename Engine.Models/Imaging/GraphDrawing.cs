using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace Engine.Models.Imaging;

/// <summary>
/// A drawing of a small graph without cycles, from left to right: every node stands in a column behind all that lead to it. For graphs of
/// some ten nodes, as a lesson shows them; larger ones are for a program of their own, which reads <see cref="ToDot"/>.
/// </summary>
public sealed class GraphDrawing
{
    private const int Letter = 8, Line = 17, Padding = 9, Gap = 46;

    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    private readonly List<Node> _nodes = [];

    /// <summary>Adds a node.</summary>
    /// <param name="lines">The text in it, line by line; at least one.</param>
    /// <param name="from">The nodes that lead to it, in their order, by their numbers; one may stand there twice.</param>
    /// <returns>Its number.</returns>
    /// <exception cref="ArgumentException">There is no line.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is none of a node that was added before.</exception>
    public int Add(IReadOnlyList<string> lines, params IReadOnlyList<int> from)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(from);
        if (lines.Count == 0) throw new ArgumentException("GraphDrawing: expected at least one line in a node, found none.", nameof(lines));
        foreach (int number in from)
            if (number < 0 || number >= _nodes.Count) throw new ArgumentOutOfRangeException(
                nameof(from), number, $"GraphDrawing: expected the number of one of {_nodes.Count} nodes, found {number}.");
        _nodes.Add(new Node([.. lines], [.. from]));
        return _nodes.Count - 1;
    }

    /// <summary>The drawing as SVG.</summary>
    public string ToSvg()
    {
        Node[][] columns = Columns();
        double height = columns.Select(Height).DefaultIfEmpty(0).Max(), left = Gap / 2.0;
        foreach (Node[] column in columns)
        {
            double top = (Gap / 2.0) + ((height - Height(column)) / 2), width = column.Max(node => node.Width);
            foreach (Node node in column)
            {
                (node.Left, node.Top) = (left + ((width - node.Width) / 2), top);
                top += node.Height + Gap;
            }

            left += width + Gap;
        }

        (double right, double bottom) = (Math.Max(Gap, left - (Gap / 2.0)), height + Gap);
        XElement svg = new(s_svg + "svg", Attribute("viewBox", $"0 0 {right} {bottom}"), Attribute("width", $"{right}"),
            Attribute("height", $"{bottom}"), new XAttribute("font-family", "monospace"), Attribute("font-size", $"{Line - 4}"),
            Box($"0 0 {right} {bottom}", "white", "none"),
            new XElement(s_svg + "defs", new XElement(s_svg + "marker", new XAttribute("id", "tip"), new XAttribute("viewBox", "0 0 8 8"),
                new XAttribute("refX", "7"), new XAttribute("refY", "4"), new XAttribute("markerWidth", "8"),
                new XAttribute("markerHeight", "8"), new XAttribute("orient", "auto"),
                new XElement(s_svg + "path", new XAttribute("d", "M0 0L8 4L0 8z"), new XAttribute("fill", "#555")))));
        foreach (Node node in _nodes)
            for (int i = 0; i < node.From.Length; i++) svg.Add(Arrow(_nodes[node.From[i]], node, (i + 1.0) / (node.From.Length + 1)));
        foreach (Node node in _nodes)
        {
            string fill = node.From.Length == 0 ? "#fff3d6" : "#dfeaf7";
            svg.Add(Box($"{node.Left} {node.Top} {node.Width} {node.Height}", fill, "#555"));
            svg.Add(node.Lines.Select((text, i) => new XElement(s_svg + "text", Attribute("x", $"{node.Left + (node.Width / 2)}"),
                Attribute("y", $"{node.Top + Padding + (Line * (i + 0.75))}"), new XAttribute("text-anchor", "middle"), text)));
        }

        return svg.ToString();
    }

    /// <summary>The graph in the language of Graphviz.</summary>
    public string ToDot()
    {
        StringBuilder dot = new("digraph {\n  rankdir=LR; node [shape=box, fontname=monospace];\n");
        for (int i = 0; i < _nodes.Count; i++)
        {
            string label = string.Join("\\n", _nodes[i].Lines).Replace("\"", "\\\"", StringComparison.Ordinal);
            dot.Append(CultureInfo.InvariantCulture, $"  n{i} [label=\"{label}\"];\n");
            foreach (int from in _nodes[i].From) dot.Append(CultureInfo.InvariantCulture, $"  n{from} -> n{i};\n");
        }

        return dot.Append("}\n").ToString();
    }

    private static double Height(Node[] column) => column.Sum(node => node.Height + Gap) - Gap;

    /// <summary>
    /// The columns: a node with something before it one behind the last of that, one with nothing before it right before the first that it
    /// leads to. In a column nodes stand in the order of the middle of what leads to them, and of what they lead to.
    /// </summary>
    private Node[][] Columns()
    {
        int[] columns = new int[_nodes.Count];
        double[] places = new double[_nodes.Count];
        for (int i = 0; i < columns.Length; i++) columns[i] = _nodes[i].From.Select(from => columns[from] + 1).DefaultIfEmpty(0).Max();
        for (int i = 0; i < columns.Length; i++)
            if (_nodes[i].From.Length == 0) columns[i] = Successors(i).Select(to => columns[to] - 1).DefaultIfEmpty(0).Min();
        int[][] ordered = [.. Enumerable.Range(0, columns.Length).GroupBy(i => columns[i]).OrderBy(group => group.Key)
            .Select(group => group.OrderBy(Middle).ToArray())];
        return [.. ordered.Select(column => column.Select(i => _nodes[i]).ToArray())];

        IEnumerable<int> Successors(int i) => Enumerable.Range(0, columns.Length).Where(to => _nodes[to].From.Contains(i));

        double Middle(int i)
        {
            // An input takes its place among those of what it leads to: that node's other inputs stand above or below.
            int to = Successors(i).DefaultIfEmpty(-1).First();
            double beside = to < 0 ? 0 : (double)Array.IndexOf(_nodes[to].From, i) / _nodes[to].From.Length;
            places[i] = (_nodes[i].From.Length > 0 ? _nodes[i].From.Average(from => places[from]) : to < 0 ? i : 0) + beside;
            return places[i];
        }
    }

    private static XElement Box(FormattableString box, string fill, string stroke)
    {
        string[] sides = FormattableString.Invariant(box).Split(' ');
        return new XElement(s_svg + "rect", new XAttribute("x", sides[0]), new XAttribute("y", sides[1]), new XAttribute("width", sides[2]),
            new XAttribute("height", sides[3]), new XAttribute("rx", 5), new XAttribute("fill", fill), new XAttribute("stroke", stroke));
    }

    private static XElement Arrow(Node from, Node to, double entry)
    {
        (double x0, double y0) = (from.Left + from.Width, from.Top + (from.Height / 2.0));
        (double x1, double y1) = (to.Left, to.Top + (to.Height * entry));
        return new XElement(s_svg + "path",
            Attribute("d", $"M{x0} {y0}C{x0 + (Gap / 2)} {y0} {x1 - (Gap / 2)} {y1} {x1} {y1}"), new XAttribute("fill", "none"),
            new XAttribute("stroke", "#555"), new XAttribute("marker-end", "url(#tip)"));
    }

    private static XAttribute Attribute(string name, FormattableString value) => new(name, FormattableString.Invariant(value));

    private sealed record Node(string[] Lines, int[] From)
    {
        internal int Width { get; } = (Lines.Max(line => line.Length) * Letter) + (2 * Padding);

        internal int Height { get; } = (Lines.Length * Line) + (2 * Padding);

        internal double Left { get; set; }

        internal double Top { get; set; }
    }
}
