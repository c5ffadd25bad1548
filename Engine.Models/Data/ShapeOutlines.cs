namespace Engine.Models.Data;

/// <summary>The outlines of the shapes of <see cref="ColorShapes"/>, about the origin with a radius of about 1; y points up.</summary>
internal static class ShapeOutlines
{
    // Five corners on a circle of radius 1.05 and five between them at 0.45, from the top clockwise.
    private static readonly (double X, double Y)[] s_star =
    [
        (0, 1.05), (0.2645, 0.3641), (0.9986, 0.3245), (0.428, -0.1391), (0.6172, -0.8495), (0, -0.45), (-0.6172, -0.8495),
        (-0.428, -0.1391), (-0.9986, 0.3245), (-0.2645, 0.3641),
    ];

    /// <summary>Whether a point is inside a shape.</summary>
    /// <param name="shape">The place of the shape in <see cref="ColorShapes.Classes"/>.</param>
    /// <param name="x">To the right.</param>
    /// <param name="y">Up.</param>
    public static bool Has(int shape, double x, double y)
    {
        double squared = (x * x) + (y * y), across = Math.Abs(x), up = Math.Abs(y);
        return shape switch
        {
            0 => squared <= 1,
            1 => squared <= 1 && squared >= 0.3,
            2 => Math.Max(across, up) <= 0.86,
            3 => y >= -0.75 && across <= (1.05 - y) * 0.6,
            4 => (1.5 * across) + up <= 1.15,
            5 => IsInStar(x, y),
            6 => (across <= 0.32 && up <= 1) || (up <= 0.32 && across <= 1),
            7 => y >= -0.45 && (x * x) + ((y + 0.45) * (y + 0.45)) <= 1.1,
            8 => squared <= 1 && ((x - 0.5) * (x - 0.5)) + (y * y) >= 0.62,
            _ => IsInHeart(1.15 * x, (1.15 * y) + 0.1),
        };
    }

    // (x² + y² - 1)³ <= x² y³
    private static bool IsInHeart(double x, double y)
    {
        double inner = (x * x) + (y * y) - 1;
        return inner * inner * inner <= x * x * y * y * y;
    }

    // A ray to the right crosses the outline an odd number of times.
    private static bool IsInStar(double x, double y)
    {
        bool isInside = false;
        for (int i = 0, j = s_star.Length - 1; i < s_star.Length; j = i++)
        {
            ((double X, double Y) a, (double X, double Y) b) = (s_star[i], s_star[j]);
            if ((a.Y > y) != (b.Y > y) && x < ((b.X - a.X) * (y - a.Y) / (b.Y - a.Y)) + a.X) isInside = !isInside;
        }

        return isInside;
    }
}

/// <summary>The ground of an image of <see cref="ColorShapes"/>: two dull colours in stripes, checks, clouds or a gradient.</summary>
internal readonly struct ShapeGround
{
    private const int Clouds = 5;
    private readonly ColorShapes.Color _first, _second;
    private readonly int _kind;
    private readonly double _alongX, _alongY, _shift;
    private readonly double[] _clouds;

    /// <summary>Draws a ground.</summary>
    /// <param name="random">The source of the draws.</param>
    public ShapeGround(ref CounterRandom random)
    {
        double value = random.Uniform(0.15, 0.6), hue = random.Uniform(0, 6), saturation = random.Uniform(0, 0.4);
        _first = ColorShapes.Color.Of(hue, saturation, value);
        _second = ColorShapes.Color.Of(hue, saturation, Math.Min(0.75, value + random.Uniform(0.1, 0.25)));
        _kind = random.Below(4);
        (_alongX, _alongY, _shift) = (random.Uniform(-5, 5), random.Uniform(-5, 5), random.Uniform());
        _clouds = new double[(Clouds + 1) * (Clouds + 1)];
        for (int i = 0; i < _clouds.Length; i++) _clouds[i] = random.Uniform();
    }

    /// <summary>The colour at a place from (0, 0), the top left corner, to (1, 1).</summary>
    public ColorShapes.Color At(double x, double y) => _first.Mixed(_second, _kind switch
    {
        0 => Wave((_alongX * x) + (_alongY * y) + _shift),
        1 => Wave((5 * x) + _shift) > 0.5 == Wave((5 * y) + _shift) > 0.5 ? 1 : 0,
        2 => Cloud(Clouds * x, Clouds * y),
        _ => Math.Clamp(0.5 + (0.15 * ((_alongX * (x - 0.5)) + (_alongY * (y - 0.5)))), 0, 1),
    });

    // From 0 to 1 and back, in every step of 1.
    private static double Wave(double x)
    {
        double part = x - Math.Floor(x);
        return 2 * Math.Min(part, 1 - part);
    }

    // Values at the corners of squares, and between them along lines.
    private double Cloud(double x, double y)
    {
        int column = Math.Min((int)x, Clouds - 1), row = Math.Min((int)y, Clouds - 1), at = (row * (Clouds + 1)) + column;
        double right = x - column, down = y - row;
        double top = _clouds[at] + ((_clouds[at + 1] - _clouds[at]) * right);
        double bottom = _clouds[at + Clouds + 1] + ((_clouds[at + Clouds + 2] - _clouds[at + Clouds + 1]) * right);
        return top + ((bottom - top) * down);
    }
}
