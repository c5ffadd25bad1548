namespace Engine.Tests.Lanes;

/// <summary>A function on lanes together with what it is measured against.</summary>
internal interface ILaneFunction
{
    static abstract T Apply<T>(T x) where T : unmanaged, ILane<T>;

    /// <summary>The function to 31 digits.</summary>
    static abstract DoubleDouble Exact(double x);
}

internal readonly struct ExpFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Exp(x);
    public static DoubleDouble Exact(double x) => DoubleDouble.Exp(x);
}

internal readonly struct Expm1Function : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Expm1(x);
    public static DoubleDouble Exact(double x) => DoubleDouble.Expm1(x);
}

internal readonly struct LogFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Log(x);
    public static DoubleDouble Exact(double x) => DoubleDouble.Log(x);
}

internal readonly struct Log1pFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Log1p(x);
    public static DoubleDouble Exact(double x) => DoubleDouble.Log1p(x);
}

internal readonly struct TanhFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Tanh(x);
    public static DoubleDouble Exact(double x)
    {
        if (Math.Abs(x) > 30) return Math.Sign(x);
        DoubleDouble e = DoubleDouble.Expm1(2 * x);
        return e / (e + 2);
    }
}

internal readonly struct SigmoidFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Sigmoid(x);
    public static DoubleDouble Exact(double x)
    {
        if (x < -100) return DoubleDouble.Exp(x);
        DoubleDouble z = DoubleDouble.Exp(-Math.Abs(x));
        return (x < 0 ? z : 1) / (1 + z);
    }
}

internal readonly struct SoftplusFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Softplus(x);
    public static DoubleDouble Exact(double x) =>
        x < -100 ? DoubleDouble.Exp(x) : Math.Max(x, 0) + DoubleDouble.Log1p(DoubleDouble.Exp(-Math.Abs(x)));
}

internal readonly struct ErfFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Erf(x);
    public static DoubleDouble Exact(double x) => Math.Abs(x) > 7 ? Math.Sign(x) : DoubleDouble.Erf(x);
}

internal readonly struct SinFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Sin(x);
    public static DoubleDouble Exact(double x) => DoubleDouble.Sin(x);
}

internal readonly struct CosFunction : ILaneFunction
{
    public static T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Cos(x);
    public static DoubleDouble Exact(double x) => DoubleDouble.Cos(x);
}
