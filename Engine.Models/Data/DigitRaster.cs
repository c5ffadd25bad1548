using System.Runtime.CompilerServices;

namespace Engine.Models.Data;

/// <summary>
/// Turns strokes into a 28 x 28 grey picture the way MNIST was made: fitted into a box of 20 x 20, then centred by its mass.
/// </summary>
internal sealed class DigitRaster
{
    private const double BoxSize = 20;
    private const int MaxPoints = 1024;

    private readonly double[] _x = new double[MaxPoints];
    private readonly double[] _y = new double[MaxPoints];
    private readonly double[] _pressure = new double[MaxPoints];
    private readonly bool[] _joined = new bool[MaxPoints];
    private readonly double[] _cover = new double[Digits.Size * Digits.Size];
    private int _count;

    public void Draw(DigitPen pen, ref CounterRandom random, Span<byte> image)
    {
        Flatten(pen.Knots, ref random);
        Distort(ref random);

        // Half the width of the line in pixels: lines of 1.7 to 3.3 pixels, most of them about 2.4.
        double radius = 1.22 + 0.17 * random.Bell();
        radius = radius < 0.85 ? 0.85 : radius > 1.65 ? 1.65 : radius;
        Place(radius, random.Uniform(0.93, 1.0), 0.35 * (random.Uniform() - 0.5), 0.35 * (random.Uniform() - 0.5));
        Ink(radius, softness: random.Uniform(1.0, 1.5), blackness: random.Uniform(0.94, 1.06), image);
    }

    /// <summary>
    /// Catmull-Rom through the knots of each smooth piece: a tangent is half the way between the neighbours; at an end it is one-sided.
    /// </summary>
    private void Flatten(ReadOnlySpan<DigitPen.Knot> knots, ref CounterRandom random)
    {
        const int steps = 4;
        const double jitter = 0.009;
        Span<double> kx = stackalloc double[knots.Length], ky = stackalloc double[knots.Length];
        for (int i = 0; i < knots.Length; i++)
        {
            kx[i] = knots[i].X + jitter * random.Bell();
            ky[i] = knots[i].Y + jitter * random.Bell();
        }

        _count = 0;
        double pressure = 1;
        for (int i = 0; i < knots.Length; i++)
        {
            if (knots[i].Starts)
            {
                pressure = 1 + 0.07 * random.Bell();
                Add(kx[i], ky[i], pressure, joined: false);
                continue;
            }

            double target = 1 + 0.07 * random.Bell();
            bool last = i + 1 == knots.Length || knots[i + 1].Starts;
            int before = knots[i - 1].Corner ? i - 1 : i - 2, after = knots[i].Corner || last ? i : i + 1;
            double tx0 = (kx[i] - kx[before]) / (i - before), ty0 = (ky[i] - ky[before]) / (i - before);
            double tx1 = (kx[after] - kx[i - 1]) / (after - i + 1), ty1 = (ky[after] - ky[i - 1]) / (after - i + 1);
            for (int s = 1; s <= steps; s++)
            {
                // Cubic Hermite: p(t) = h00 p0 + h10 m0 + h01 p1 + h11 m1.
                double t = s * (1.0 / steps), u = 1 - t;
                double h00 = (1 + 2 * t) * u * u, h10 = t * u * u, h01 = t * t * (3 - 2 * t), h11 = -t * t * u;
                Add(
                    h00 * kx[i - 1] + h10 * tx0 + h01 * kx[i] + h11 * tx1,
                    h00 * ky[i - 1] + h10 * ty0 + h01 * ky[i] + h11 * ty1,
                    pressure + (target - pressure) * t,
                    joined: true);
            }

            pressure = target;
        }
    }

    private void Add(double x, double y, double pressure, bool joined)
    {
        _x[_count] = x;
        _y[_count] = y;
        _pressure[_count] = pressure;
        _joined[_count] = joined;
        _count++;
    }

    /// <summary>The variation of handwriting: width, slant, a slight turn, and a smooth bend of the whole digit.</summary>
    private void Distort(ref CounterRandom random)
    {
        double width = random.Uniform(0.72, 1.12), slant = 0.1 + 0.17 * random.Bell(), climb = 0.06 * random.Bell();
        double bendX = 0.12 * random.Bell(), bendY = 0.08 * random.Bell(), taper = 0.14 * random.Bell(), sag = 0.1 * random.Bell();
        for (int i = 0; i < _count; i++)
        {
            double x = _x[i] - 0.5, y = _y[i] - 0.5;
            _x[i] = width * (x + bendX * y * y + taper * x * y) - slant * y;
            _y[i] = y + climb * x + bendY * x * x + sag * y * y;
        }
    }

    /// <summary>Scales the longer side to the box and moves the centre of mass to the middle of the picture.</summary>
    private void Place(double radius, double size, double shiftX, double shiftY)
    {
        double left = double.MaxValue, right = double.MinValue, top = double.MaxValue, bottom = double.MinValue;
        double massX = 0, massY = 0, mass = 0;
        for (int i = 0; i < _count; i++)
        {
            left = Math.Min(left, _x[i]);
            right = Math.Max(right, _x[i]);
            top = Math.Min(top, _y[i]);
            bottom = Math.Max(bottom, _y[i]);
            if (!_joined[i]) continue;
            double dx = _x[i] - _x[i - 1], dy = _y[i] - _y[i - 1], length = Math.Sqrt(dx * dx + dy * dy);
            massX += length * (_x[i] + _x[i - 1]) / 2;
            massY += length * (_y[i] + _y[i - 1]) / 2;
            mass += length;
        }

        double scale = (BoxSize * size - 2 * radius) / Math.Max(right - left, bottom - top);
        double middle = Digits.Size / 2.0;
        double offsetX = middle + shiftX - scale * massX / mass, offsetY = middle + shiftY - scale * massY / mass;
        for (int i = 0; i < _count; i++)
        {
            _x[i] = scale * _x[i] + offsetX;
            _y[i] = scale * _y[i] + offsetY;
        }
    }

    /// <summary>
    /// A pixel is as bright as it lies inside the nearest piece of line; the edge rises over <paramref name="softness"/> pixels.
    /// </summary>
    private void Ink(double radius, double softness, double blackness, Span<byte> image)
    {
        Array.Clear(_cover);
        for (int i = 1; i < _count; i++)
        {
            if (_joined[i]) Line(i, radius * (_pressure[i] + _pressure[i - 1]) / 2, softness);
        }

        for (int p = 0; p < image.Length; p++)
        {
            double v = _cover[p] * blackness;
            image[p] = (byte)((v > 1 ? 1 : v) * 255 + 0.5);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(int end, double radius, double softness)
    {
        double x0 = _x[end - 1], y0 = _y[end - 1], dx = _x[end] - x0, dy = _y[end] - y0;
        double reach = radius + softness / 2, reach2 = reach * reach, steep = 1 / softness;
        double squared = dx * dx + dy * dy, inverse = squared > 0 ? 1 / squared : 0;

        // The centre of pixel p is at p + 0.5.
        int left = First(Math.Min(x0, x0 + dx) - reach), right = Last(Math.Max(x0, x0 + dx) + reach);
        int top = First(Math.Min(y0, y0 + dy) - reach), bottom = Last(Math.Max(y0, y0 + dy) + reach);
        for (int py = top; py <= bottom; py++)
        {
            double ry = py + 0.5 - y0;
            int row = py * Digits.Size;
            for (int px = left; px <= right; px++)
            {
                double rx = px + 0.5 - x0, t = (rx * dx + ry * dy) * inverse;
                t = t < 0 ? 0 : t > 1 ? 1 : t;
                double ex = rx - t * dx, ey = ry - t * dy, distance2 = ex * ex + ey * ey;
                if (distance2 >= reach2) continue;
                double cover = (reach - Math.Sqrt(distance2)) * steep;
                if (cover > _cover[row + px]) _cover[row + px] = cover;
            }
        }
    }

    private static int First(double edge) => Math.Max(0, (int)Math.Floor(edge - 0.5) + 1);

    private static int Last(double edge) => Math.Min(Digits.Size - 1, (int)Math.Floor(edge - 0.5));
}
