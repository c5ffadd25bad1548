namespace Engine.Tests.Lanes;

/// <summary>An unevaluated sum of two doubles, some 31 digits: what the float64 functions are measured against.</summary>
internal readonly record struct DoubleDouble(double Hi, double Lo)
{
    private static readonly DoubleDouble s_log2 = new(0.6931471805599453, 2.3190468138462996e-17);

    public static implicit operator DoubleDouble(double x) => new(x, 0);

    public static DoubleDouble operator -(DoubleDouble a) => new(-a.Hi, -a.Lo);

    public static DoubleDouble operator +(DoubleDouble a, DoubleDouble b)
    {
        DoubleDouble high = TwoSum(a.Hi, b.Hi);
        DoubleDouble low = TwoSum(a.Lo, b.Lo);
        high = QuickTwoSum(high.Hi, high.Lo + low.Hi);
        return QuickTwoSum(high.Hi, high.Lo + low.Lo);
    }

    public static DoubleDouble operator -(DoubleDouble a, DoubleDouble b) => a + -b;

    public static DoubleDouble operator *(DoubleDouble a, DoubleDouble b)
    {
        double p = a.Hi * b.Hi;
        double e = Math.FusedMultiplyAdd(a.Hi, b.Hi, -p) + (a.Hi * b.Lo + a.Lo * b.Hi);
        return QuickTwoSum(p, e);
    }

    public static DoubleDouble operator /(DoubleDouble a, DoubleDouble b)
    {
        double q1 = a.Hi / b.Hi;
        DoubleDouble r = a - b * q1;
        double q2 = r.Hi / b.Hi;
        r -= b * q2;
        return QuickTwoSum(q1, q2) + r.Hi / b.Hi;
    }

    public DoubleDouble Scale(int n) => new(Math.ScaleB(Hi, n), Math.ScaleB(Lo, n));

    public static DoubleDouble Exp(DoubleDouble x)
    {
        int n = (int)Math.Round(x.Hi / s_log2.Hi);
        return (1 + Expm1(x - s_log2 * n - 5.707708438416212e-34 * n)).Scale(n);
    }

    public static DoubleDouble Expm1(DoubleDouble x)
    {
        // e^x - 1 = 2^n (e^r - 1) + (2^n - 1), e^r - 1 by its Taylor series.
        int n = (int)Math.Round(x.Hi / s_log2.Hi);
        DoubleDouble r = x - s_log2 * n - 5.707708438416212e-34 * n;
        DoubleDouble sum = 0;
        DoubleDouble term = r;
        for (int k = 2; k < 30; k++)
        {
            sum += term;
            term = term * r / k;
        }

        if (n == 0) return sum;
        return n > 100 ? (1 + sum).Scale(n) : sum.Scale(n) + (((DoubleDouble)1).Scale(n) - 1);
    }

    public static DoubleDouble Log(double x)
    {
        DoubleDouble y = Math.Log(x);
        int e = Math.ILogB(x);
        for (int i = 0; i < 2; i++) y += (DoubleDouble)Math.ScaleB(x, -e) / Exp(y - s_log2 * e - 5.707708438416212e-34 * e) - 1;
        return y;
    }

    public static DoubleDouble Log1p(DoubleDouble x)
    {
        if (Math.Abs(x.Hi) < 1e-17) return x - x * x * 0.5;
        DoubleDouble u = 1 + x;
        DoubleDouble y = Math.Abs(x.Hi) < 1e-4 ? x.Hi - x.Hi * x.Hi / 2 : Math.Log(u.Hi);
        for (int i = 0; i < 3; i++) y += (x - Expm1(y)) / Exp(y);
        return y;
    }

    public static DoubleDouble Sin(double x) => SinOfReduced(x, Math.Round(x / Math.PI), 0);

    public static DoubleDouble Cos(double x) => SinOfReduced(x, Math.Round(x / Math.PI - 0.5), 0.5);

    public static DoubleDouble Erf(double x)
    {
        // 2/sqrt(pi) exp(-x^2) sum 2^k x^(2k+1) / (1 3 5 ...): no term is negative for positive x.
        DoubleDouble sum = 0;
        DoubleDouble term = x;
        DoubleDouble square = (DoubleDouble)x * x;
        for (int k = 0; k < 300; k++)
        {
            sum += term;
            if (Math.Abs(term.Hi) < 1e-34 * Math.Abs(sum.Hi)) break;
            term = term * square * 2 / (2 * k + 3);
        }

        return sum * new DoubleDouble(1.1283791670955126, 1.533545961316588e-17) * Exp(-square);
    }

    private static DoubleDouble SinOfReduced(double x, double n, double offset)
    {
        double q = n + offset;
        DoubleDouble r = x - Product(q, 3.141592653589793) - Product(q, 1.2246467991473532e-16) - Product(q, -2.9947698097183397e-33)
            - Product(q, 1.1124542208633653e-49);
        DoubleDouble square = r * r;
        DoubleDouble sum = 0;
        DoubleDouble term = r;
        for (int k = 2; k < 50; k += 2)
        {
            sum += term;
            term = -(term * square / (k * (k + 1.0)));
        }

        bool negative = (Math.Abs(n) % 2 == 1) ^ (offset != 0);
        return negative ? -sum : sum;
    }

    private static DoubleDouble Product(double a, double b) => new(a * b, Math.FusedMultiplyAdd(a, b, -(a * b)));

    private static DoubleDouble TwoSum(double a, double b)
    {
        double s = a + b;
        double t = s - a;
        return new(s, (a - (s - t)) + (b - t));
    }

    private static DoubleDouble QuickTwoSum(double a, double b)
    {
        double s = a + b;
        return new(s, b - (s - a));
    }
}
