using System.Globalization;
using Engine.Tests.Lanes;

namespace Engine.Tests.Operations;

/// <summary>
/// How far a result may be from the reference. Either a number of units in the last place of the result, for elementwise operations, or
/// 2e-6 sqrt(K) of the sum of the absolute terms, for what adds up K terms; both scaled to the precision of the type.
/// </summary>
internal readonly record struct Tolerance
{
    private const double TermRate = 2e-6;

    // What the float64 reference itself may be off by, and the ratio of the two precisions.
    private const int ReferenceUlps = 2;
    private const double DoubleRatio = 1.0 / (1 << 29);

    private readonly int _ulps;
    private readonly int _terms;

    private Tolerance(int ulps, int terms) => (_ulps, _terms) = (ulps, terms);

    /// <summary>The rule without its numbers of terms, for a table.</summary>
    internal string Rule => _terms > 0 ? "terms" : ToString();

    internal static Tolerance Exact => new(0, 0);

    /// <summary>True when only the very same bits will do.</summary>
    internal bool IsExact => _ulps == 0 && _terms == 0;

    internal static Tolerance Ulps(int count) =>
        count is >= 1 and <= 4 ? new(count, 0) : throw new ArgumentOutOfRangeException(nameof(count));

    internal static Tolerance Terms(int count) => new(0, Math.Max(1, count));

    /// <summary>The error allowed beside an expected value whose terms add up, without their signs, to <paramref name="terms"/>.</summary>
    internal double Allowed(double expected, double terms, DType type)
    {
        if (IsExact || type == DType.Int32) return 0;
        bool isDouble = type == DType.Float64;

        // Nothing is nearer than the smallest number there is.
        if (_terms > 0) return Math.Max(
            isDouble ? double.Epsilon : float.Epsilon, TermRate * Math.Sqrt(_terms) * terms * (isDouble ? DoubleRatio : 1));
        return isDouble ? (_ulps + ReferenceUlps) * Ulp(expected) : _ulps * Ulp((float)expected);
    }

    /// <summary>The error allowed in a gradient, of which no terms are known: relative to the largest element.</summary>
    internal double AllowedInGradient(double largest, DType type) =>
        TermRate * Math.Sqrt(Math.Max(1, _terms)) * largest * (type == DType.Float64 ? DoubleRatio : 1);

    public override string ToString() => this switch
    {
        { IsExact: true } => "exact",
        { _terms: > 0 } => string.Create(CultureInfo.InvariantCulture, $"2e-6 sqrt({_terms}) of the terms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{_ulps} ULP"),
    };

    private static double Ulp(double x) => double.IsFinite(x) ? Math.BitIncrement(Math.Abs(x)) - Math.Abs(x) : 0;

    private static double Ulp(float x) => float.IsFinite(x) ? (double)MathF.BitIncrement(MathF.Abs(x)) - MathF.Abs(x) : 0;
}
