namespace Engine.Tests.Lanes;

/// <summary>Errors in units in the last place of the exact result.</summary>
internal static unsafe class Ulp
{
    internal readonly record struct Worst(double Error, double At, double Found, double Expected)
    {
        public override string ToString() => $"{Error:0.000} ULP at {At:R}: found {Found:R}, expected {Expected:R}";
    }

    /// <summary>The error of a float32 result; overflow counts as 2^128, as if the exponent had no bound.</summary>
    internal static double Error(float found, double exact)
    {
        if (double.IsNaN(exact)) return float.IsNaN(found) ? 0 : double.PositiveInfinity;
        if (float.IsNaN(found)) return double.PositiveInfinity;
        if (double.IsInfinity(exact)) return found == exact ? 0 : double.PositiveInfinity;
        if (float.IsInfinity(found) && Math.Abs(exact) > 3.4028235677973366e38 && Math.Sign(found) == Math.Sign(exact)) return 0;
        double value = float.IsInfinity(found) ? Math.CopySign(Math.ScaleB(1, 128), found) : found;
        int exponent = exact == 0 ? -126 : Math.Clamp(Math.ILogB(exact), -126, 127);
        return Math.Abs(value - exact) * Math.ScaleB(1, 23 - exponent);
    }

    internal static double Error(double found, DoubleDouble exact)
    {
        if (double.IsNaN(found)) return double.PositiveInfinity;
        if (double.IsInfinity(found) || double.IsInfinity(exact.Hi)) return found == exact.Hi ? 0 : double.PositiveInfinity;
        int exponent = exact.Hi == 0 ? -1022 : Math.Max(Math.ILogB(exact.Hi), -1022);
        return Math.Abs(Math.ScaleB((found - exact).Hi, 26 - exponent / 2) * Math.ScaleB(1, 26 - (exponent - exponent / 2)));
    }

    /// <summary>The function on vectors; the length is a whole number of vectors.</summary>
    internal static void Map<TFunction, TLane, T>(T[] x, T[] y)
        where TFunction : ILaneFunction
        where TLane : unmanaged, IVectorLane<TLane, T>
        where T : unmanaged
    {
        fixed (T* from = x)
        fixed (T* to = y)
            for (int i = 0; i < x.Length; i += TLane.Count) TLane.Store(TFunction.Apply(TLane.Load(from + i)), to + i);
    }

    internal static void MapScalar<TFunction>(float[] x, float[] y) where TFunction : ILaneFunction
    {
        for (int i = 0; i < x.Length; i++) y[i] = TFunction.Apply(new FloatScalar(x[i])).Value;
    }

    internal static void MapScalar<TFunction>(double[] x, double[] y) where TFunction : ILaneFunction
    {
        for (int i = 0; i < x.Length; i++) y[i] = TFunction.Apply(new DoubleScalar(x[i])).Value;
    }

    /// <summary>The kinds of lanes, in the order in which their worst errors are given.</summary>
    internal static string[] Kinds { get; } = ["512 bits", "256 bits", "128 bits", "not fused"];

    /// <summary>The worst errors over a grid of float32 patterns that lie in [low, high], of each kind of lanes.</summary>
    internal static Worst[] OverFloats<TFunction>(uint stride, float low, float high)
        where TFunction : ILaneFunction
    {
        Worst[] worst = new Worst[Kinds.Length];
        float[] x = new float[8192];
        float[][] y = [.. Kinds.Select(_ => new float[x.Length])];
        ulong pattern = 0;
        while (pattern <= uint.MaxValue)
        {
            int n = 0;
            while (n < x.Length && pattern <= uint.MaxValue)
            {
                float value = BitConverter.UInt32BitsToSingle((uint)pattern);
                pattern += stride;
                if (value >= low && value <= high) x[n++] = value;
            }

            Map<TFunction, Float512, float>(x, y[0]);
            Map<TFunction, Float256, float>(x, y[1]);
            Map<TFunction, Float128, float>(x, y[2]);
            MapScalar<TFunction>(x, y[3]);
            for (int i = 0; i < n; i++)
            {
                // The float64 function is itself held against 31 digits.
                double exact = TFunction.Apply(new DoubleScalar(x[i])).Value;
                for (int k = 0; k < worst.Length; k++)
                {
                    double error = Error(y[k][i], exact);
                    if (!(error <= worst[k].Error)) worst[k] = new(error, x[i], y[k][i], exact);
                }
            }
        }

        return worst;
    }

    /// <summary>
    /// The worst errors over given float64 numbers, whose count is a multiple of eight, of each kind of lanes.
    /// </summary>
    internal static Worst[] OverDoubles<TFunction>(double[] x) where TFunction : ILaneFunction
    {
        Worst[] worst = new Worst[Kinds.Length];
        double[][] y = [.. Kinds.Select(_ => new double[x.Length])];
        Map<TFunction, Double512, double>(x, y[0]);
        Map<TFunction, Double256, double>(x, y[1]);
        Map<TFunction, Double128, double>(x, y[2]);
        MapScalar<TFunction>(x, y[3]);
        for (int i = 0; i < x.Length; i++)
        {
            DoubleDouble exact = TFunction.Exact(x[i]);
            for (int k = 0; k < worst.Length; k++)
            {
                double error = Error(y[k][i], exact);
                if (!(error <= worst[k].Error)) worst[k] = new(error, x[i], y[k][i], exact.Hi);
            }
        }

        return worst;
    }
}
