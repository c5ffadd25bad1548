namespace Engine.Models.Data;

/// <summary>
/// Writes the strokes of one digit as knots in a box of about 1 x 1 (y points down). A stroke is a smooth curve through its knots
/// (Catmull-Rom), broken where a knot is a corner.
/// </summary>
internal sealed class DigitPen
{
    internal readonly record struct Knot(double X, double Y, bool Starts, bool Corner);

    private readonly Knot[] _knots = new Knot[96];

    public int Count { get; private set; }

    public ReadOnlySpan<Knot> Knots => _knots.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Puts the pen down: a new stroke starts here.</summary>
    public void Down(double x, double y) => _knots[Count++] = new Knot(x, y, Starts: true, Corner: true);

    /// <summary>Moves smoothly through a point.</summary>
    public void To(double x, double y) => _knots[Count++] = new Knot(x, y, Starts: false, Corner: false);

    /// <summary>Moves to a point and turns there.</summary>
    public void Corner(double x, double y) => _knots[Count++] = new Knot(x, y, Starts: false, Corner: true);

    /// <summary>
    /// Follows an ellipse; 0 turns is its right, 0.25 its bottom, 0.5 its left, 0.75 its top. With <paramref name="down"/> the stroke
    /// starts here.
    /// </summary>
    public void Arc(double cx, double cy, double rx, double ry, double fromTurn, double toTurn, bool down = false)
    {
        const double knotsPerTurn = 9;
        int steps = Math.Max(2, (int)(Math.Abs(toTurn - fromTurn) * knotsPerTurn + 0.999));
        for (int i = 0; i <= steps; i++)
        {
            (double x, double y) = OnCircle(fromTurn + (toTurn - fromTurn) * i / steps);
            if (down && i == 0) Down(cx + rx * x, cy + ry * y);
            else To(cx + rx * x, cy + ry * y);
        }
    }

    /// <summary>
    /// Cosine and sine of an angle in turns, from a polynomial for a quarter: sums and products round alike on every machine, the
    /// library functions need not.
    /// </summary>
    public static (double X, double Y) OnCircle(double turns)
    {
        double quarters = turns * 4;
        double whole = Math.Floor(quarters);
        double a = QuarterSine(quarters - whole), b = QuarterSine(1 - (quarters - whole));
        return ((int)whole & 3) switch
        {
            0 => (b, a),
            1 => (-a, b),
            2 => (-b, -a),
            _ => (a, -b),
        };
    }

    // sin(pi/2 x) on [0, 1] by its Taylor polynomial of degree 9; the error is below 4e-6.
    private static double QuarterSine(double x)
    {
        double a = x * 1.5707963267948966, s = a * a;
        return a * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72))));
    }
}
