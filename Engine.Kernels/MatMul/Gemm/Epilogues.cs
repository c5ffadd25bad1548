using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm;

/// <summary>sum + bias</summary>
internal readonly struct LinearEpilogue<T> : IEpilogue<T> where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T> => sum + bias;
}

/// <summary>max(sum + bias, 0)</summary>
internal readonly struct ReluEpilogue<T> : IEpilogue<T> where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T> => TV.Max(sum + bias, TV.Of(0));
}

/// <summary>x where x = sum + bias is positive, slope * x elsewhere.</summary>
internal readonly struct LeakyReluEpilogue<T>(float slope) : IEpilogue<T> where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T>
    {
        TV x = sum + bias;
        return TV.SelectLess(TV.Of(0), x, x, x * TV.Of(slope));
    }
}

/// <summary>tanh(sum + bias)</summary>
internal readonly struct TanhEpilogue<T> : IEpilogue<T> where T : unmanaged
{
    public unsafe TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T>
    {
        TV x = sum + bias;
        if (typeof(T) == typeof(float))
            for (int i = 0; i < TV.Count; i++) ((float*)&x)[i] = MathF.Tanh(((float*)&x)[i]);
        else
            for (int i = 0; i < TV.Count; i++) ((double*)&x)[i] = Math.Tanh(((double*)&x)[i]);
        return x;
    }
}

/// <summary>1 / (1 + exp(-(sum + bias)))</summary>
internal readonly struct SigmoidEpilogue<T> : IEpilogue<T> where T : unmanaged
{
    public unsafe TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T>
    {
        TV x = sum + bias;
        if (typeof(T) == typeof(float))
            for (int i = 0; i < TV.Count; i++) ((float*)&x)[i] = 1 / (1 + MathF.Exp(-((float*)&x)[i]));
        else
            for (int i = 0; i < TV.Count; i++) ((double*)&x)[i] = 1 / (1 + Math.Exp(-((double*)&x)[i]));
        return x;
    }
}
