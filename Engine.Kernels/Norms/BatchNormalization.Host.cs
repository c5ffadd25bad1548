using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Norms;

public static unsafe partial class BatchNormalization
{
    /// <summary>
    /// The most rows whose mean is a channel's pivot. They are spread over all rows, and they bound how far the pivot can be off: of n
    /// rows, by no more than makes a rounding error of the variance n / 16 times as large, where one row alone would set no bound.
    /// </summary>
    internal const int PivotRows = 16;

    private static void ForwardOnHost<TFormula>(
        CpuDevice cpu, TFormula formula, in Channels of, Storage x, double epsilon, RunningStatistics? running, Storage y)
        where TFormula : struct, IChannelFormula
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32)
        {
            if (wide) Forward<float, Float512>(of);
            else Forward<float, Float256>(of);
        }
        else
        {
            if (wide) Forward<double, Double512>(of);
            else Forward<double, Double256>(of);
        }

        void Forward<T, V>(in Channels of)
            where T : unmanaged
            where V : unmanaged, IVectorLane<V, T>
        {
            ForwardWork<T, V> work = new()
            {
                X = x.Pointer<T>(), Of = new(of), Epsilon = V.Of(epsilon), Momentum = V.Of(running?.Momentum ?? 0),
                RunningMean = running is { } m ? m.Mean.Pointer<T>() : null,
                RunningVariance = running is { } v ? v.Variance.Pointer<T>() : null,
            };
            ChannelPasses<T, V, TFormula, ForwardWork<T, V>>.Run(cpu, formula, work, work.X, work.X, y.Pointer<T>(), of.Rows, of.Count);
        }
    }

    private static void EvaluateOnHost<TFormula>(CpuDevice cpu, TFormula formula, in Channels of, Storage x, Storage y)
        where TFormula : struct, IChannelFormula
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32)
        {
            if (wide) Evaluate<float, Float512>(of);
            else Evaluate<float, Float256>(of);
        }
        else
        {
            if (wide) Evaluate<double, Double512>(of);
            else Evaluate<double, Double256>(of);
        }

        void Evaluate<T, V>(in Channels of)
            where T : unmanaged
            where V : unmanaged, IVectorLane<V, T>
        {
            BackwardWork<T, V> work = new() { Of = new(of) };
            ChannelPasses<T, V, TFormula, BackwardWork<T, V>>.RunElements(
                cpu, formula, work, x.Pointer<T>(), x.Pointer<T>(), y.Pointer<T>(), of.Rows, of.Count);
        }
    }

    private static void BackwardOnHost<TFormula>(
        CpuDevice cpu, TFormula formula, in Channels of, Storage g, Storage x, bool ofBatch, Storage dGamma, Storage dBeta, Storage? dx)
        where TFormula : struct, IChannelFormula
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32)
        {
            if (wide) Backward<float, Float512>(of);
            else Backward<float, Float256>(of);
        }
        else
        {
            if (wide) Backward<double, Double512>(of);
            else Backward<double, Double256>(of);
        }

        void Backward<T, V>(in Channels of)
            where T : unmanaged
            where V : unmanaged, IVectorLane<V, T>
        {
            BackwardWork<T, V> work = new() { Of = new(of), DGamma = dGamma.Pointer<T>(), DBeta = dBeta.Pointer<T>(), OfBatch = ofBatch };
            ChannelPasses<T, V, TFormula, BackwardWork<T, V>>.Run(
                cpu, formula, work, x.Pointer<T>(), g.Pointer<T>(), dx is null ? null : dx.Pointer<T>(), of.Rows, of.Count);
        }
    }

    /// <summary>What there is for each channel, in host memory, read and written by vectors.</summary>
    private readonly struct HostChannels<T, V>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal readonly int Rows, Count;
        internal readonly T* Gamma, Beta, Mean, Reciprocal;

        internal HostChannels(in Channels of)
        {
            (Rows, Count) = (of.Rows, of.Count);
            Gamma = of.Gamma is null ? null : of.Gamma.Pointer<T>();
            Beta = of.Beta is null ? null : of.Beta.Pointer<T>();
            Mean = of.Mean.Pointer<T>();
            Reciprocal = of.Reciprocal.Pointer<T>();
        }

        /// <summary>The numbers of up to a vector of channels; <paramref name="otherwise"/> where there is no array.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal V Load(T* array, int channel, double otherwise = 0)
        {
            if (array == null) return V.Of(otherwise);
            return PartialVector.LoadUpTo<V, T>(array + channel, Count - channel);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Store(V value, T* array, int channel) => PartialVector.StoreUpTo(value, array + channel, Count - channel);
    }

    /// <summary>From pivots over the moments to mean, scale and shift.</summary>
    private struct ForwardWork<T, V> : IChannelWork<T>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal HostChannels<T, V> Of;
        internal T* X, RunningMean, RunningVariance;
        internal V Epsilon, Momentum;

        public readonly void Prepare(int channel, int width, T* parameters, int pitch)
        {
            int count = Math.Min(PivotRows, Of.Rows);
            V weight = V.Of(1.0 / count);
            for (int c = 0; c < width; c += V.Count) V.Store(V.Of(0), parameters + c);
            for (int i = 0; i < count; i++)
            {
                T* row = X + ((nint)((long)i * Of.Rows / count) * Of.Count);
                for (int c = 0; c < width; c += V.Count) V.Store(
                    V.MulAdd(Of.Load(row, channel + c), weight, V.Load(parameters + c)), parameters + c);
            }
        }

        public readonly void Finish(int channel, int width, T* first, T* second, T* parameters, int pitch)
        {
            V rows = V.Of(Of.Rows);
            V unbiased = V.Of(Of.Rows / (Of.Rows - 1.0));
            for (int c = 0; c < width; c += V.Count)
            {
                V mean = ChannelStatistics.Moments(V.Load(parameters + c), V.Load(first + c), V.Load(second + c), rows, out V variance);
                V reciprocal = ChannelStatistics.ReciprocalDeviation(variance, Epsilon);
                Of.Store(mean, Of.Mean, channel + c);
                Of.Store(reciprocal, Of.Reciprocal, channel + c);
                V.Store(mean, parameters + c);
                V.Store(Of.Load(Of.Gamma, channel + c, 1) * reciprocal, parameters + pitch + c);
                V.Store(Of.Load(Of.Beta, channel + c), parameters + (2 * pitch) + c);
                if (RunningMean == null) continue;
                Of.Store(ChannelStatistics.Running(Of.Load(RunningMean, channel + c), mean, Momentum), RunningMean, channel + c);
                Of.Store(ChannelStatistics.Running(Of.Load(RunningVariance, channel + c), variance * unbiased, Momentum), RunningVariance,
                    channel + c);
            }
        }
    }

    /// <summary>From mean, scale and shift over the sums to the gradients of gamma and beta, and to offset and slope.</summary>
    private struct BackwardWork<T, V> : IChannelWork<T>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal HostChannels<T, V> Of;
        internal T* DGamma, DBeta;
        internal bool OfBatch;

        public readonly void Prepare(int channel, int width, T* parameters, int pitch)
        {
            for (int c = 0; c < width; c += V.Count)
            {
                V.Store(Of.Load(Of.Mean, channel + c), parameters + c);
                V.Store(Of.Load(Of.Gamma, channel + c, 1) * Of.Load(Of.Reciprocal, channel + c), parameters + pitch + c);
                V.Store(Of.Load(Of.Beta, channel + c), parameters + (2 * pitch) + c);
            }
        }

        public readonly void Finish(int channel, int width, T* first, T* second, T* parameters, int pitch)
        {
            V rows = V.Of(Of.Rows);
            for (int c = 0; c < width; c += V.Count)
            {
                V sum = V.Load(first + c);
                V products = V.Load(second + c);
                V reciprocal = Of.Load(Of.Reciprocal, channel + c);
                Of.Store(sum, DBeta, channel + c);
                Of.Store(products * reciprocal, DGamma, channel + c);
                V slope = ChannelStatistics.Slope(V.Load(parameters + pitch + c), reciprocal, sum, products, rows, out V offset);
                V.Store(OfBatch ? offset : V.Of(0), parameters + (3 * pitch) + c);
                V.Store(OfBatch ? slope : V.Of(0), parameters + (4 * pitch) + c);
            }
        }
    }
}
