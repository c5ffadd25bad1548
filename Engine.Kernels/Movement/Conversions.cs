namespace Engine.Kernels.Movement;

/// <summary>A conversion between element types. To int it drops the fraction, saturates, and turns NaN into 0.</summary>
internal interface IConversion<TFrom, TTo>
{
    static abstract TTo Of(TFrom x);
}

internal readonly struct FloatToDouble : IConversion<float, double>
{
    public static double Of(float x) => x;
}

internal readonly struct DoubleToFloat : IConversion<double, float>
{
    public static float Of(double x) => (float)x;
}

internal readonly struct IntToFloat : IConversion<int, float>
{
    public static float Of(int x) => x;
}

internal readonly struct IntToDouble : IConversion<int, double>
{
    public static double Of(int x) => x;
}

internal readonly struct FloatToInt : IConversion<float, int>
{
    // 2^31 is the first float that is too large.
    public static int Of(float x) => x >= 2147483648f ? int.MaxValue : x <= -2147483648f ? int.MinValue : x < 0 || x >= 0 ? (int)x : 0;
}

internal readonly struct DoubleToInt : IConversion<double, int>
{
    public static int Of(double x) => x >= 2147483647.0 ? int.MaxValue : x <= -2147483648.0 ? int.MinValue : x < 0 || x >= 0 ? (int)x : 0;
}
