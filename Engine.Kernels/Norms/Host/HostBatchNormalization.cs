using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Norms.Host;

/// <summary>Batch normalisation on the host.</summary>
internal static unsafe class HostBatchNormalization
{
    internal readonly record struct Forward<TActivation>(TActivation Activation, BatchNormalization.ForwardWork Work)
        : IVectorWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            NormalizeFormula<TActivation> formula = new(Activation);
            ForwardWork<T, V> work = new()
            {
                X = Work.X.Pointer<T>(), Of = new(Work.Of), Epsilon = V.Of(Work.Epsilon), PlainEpsilon = Work.Epsilon,
                Momentum = V.Of(Work.Running?.Momentum ?? 0),
                RunningMean = Work.Running is { } m ? m.Mean.Pointer<T>() : null,
                RunningVariance = Work.Running is { } v ? v.Variance.Pointer<T>() : null,
            };
            ChannelPasses<T, V, NormalizeFormula<TActivation>, ForwardWork<T, V>>.Run(
                cpu, formula, work, work.X, work.X, Work.Y.Pointer<T>(), Work.Of.Rows, Work.Of.Count);
        }
    }

    internal readonly record struct Evaluate<TActivation>(TActivation Activation, BatchNormalization.EvaluateWork Work)
        : IVectorWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            NormalizeFormula<TActivation> formula = new(Activation);
            BackwardWork<T, V> work = new() { Of = new(Work.Of) };
            ChannelPasses<T, V, NormalizeFormula<TActivation>, BackwardWork<T, V>>.RunElements(
                cpu, formula, work, Work.X.Pointer<T>(), Work.X.Pointer<T>(), Work.Y.Pointer<T>(), Work.Of.Rows, Work.Of.Count);
        }
    }

    internal readonly record struct Backward<TActivation>(TActivation Activation, BatchNormalization.BackwardWork Work)
        : IVectorWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            BackwardWork<T, V> work =
                new() { Of = new(Work.Of), DGamma = Work.DGamma.Pointer<T>(), DBeta = Work.DBeta.Pointer<T>(), OfBatch = Work.OfBatch };
            work.IsScaled = ChannelStatistics.AnySmall<T, V>(work.Of.Reciprocal, Work.Of.Count);
            if (!work.OfBatch) Passes<T, V, GivenStatisticsGradientFormula<TActivation>>(cpu, new(Activation), work);
            else if (work.IsScaled) Passes<T, V, ScaledGradientFormula<TActivation>>(cpu, new(Activation), work);
            else Passes<T, V, NormalizeGradientFormula<TActivation>>(cpu, new(Activation), work);
        }

        private void Passes<T, V, TFormula>(CpuDevice cpu, TFormula formula, BackwardWork<T, V> work)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
            where TFormula : struct, IChannelFormula =>
            ChannelPasses<T, V, TFormula, BackwardWork<T, V>>.Run(
                cpu, formula, work, Work.X.Pointer<T>(), Work.G.Pointer<T>(), Work.Dx.PointerOrNull<T>(), Work.Of.Rows, Work.Of.Count);
    }

    /// <summary>The arrays of the channels in host memory, read and written by vectors.</summary>
    private readonly struct HostChannels<T, V>
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal readonly int Rows, Count;
        internal readonly T* Gamma, Beta, Mean, Residuals, Reciprocal;

        internal HostChannels(in ChannelArrays of)
        {
            (Rows, Count) = (of.Rows, of.Count);
            Gamma = of.Gamma is null ? null : of.Gamma.Pointer<T>();
            Beta = of.Beta is null ? null : of.Beta.Pointer<T>();
            Mean = of.Mean.Pointer<T>();
            Residuals = ChannelStatistics.HasResiduals(of.Mean, of.Count) ? Mean + of.Count : null;
            Reciprocal = of.Reciprocal.Pointer<T>();
        }

        /// <summary>The elements of up to a vector of channels; <paramref name="otherwise"/> where there is no array.</summary>
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
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal HostChannels<T, V> Of;
        internal double PlainEpsilon;
        internal T* X, RunningMean, RunningVariance;
        internal V Epsilon, Momentum;

        public readonly void Prepare(int channel, int width, T* parameters, int pitch)
        {
            int count = Math.Min(BatchNormalization.PivotRows, Of.Rows);
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
            V unbiased = V.Of(Of.Rows / (Of.Rows - 1.0)), largest = V.Of(V.IsDouble ? double.MaxValue : float.MaxValue);
            T* variances = parameters + (3 * pitch), residuals = parameters + (4 * pitch);
            V finite = V.Of(0);
            for (int c = 0; c < width; c += V.Count)
            {
                V pivot = V.Load(parameters + c);
                V mean = ChannelStatistics.Moments(pivot, V.Load(first + c), V.Load(second + c), rows, out V variance);
                V residual = ChannelStatistics.Residual(pivot, V.Load(first + c) / rows, mean);
                Of.Store(mean, Of.Mean, channel + c);
                if (Of.Residuals != null) Of.Store(residual, Of.Residuals, channel + c);
                Of.Store(ChannelStatistics.ReciprocalDeviation(variance, Epsilon), Of.Reciprocal, channel + c);
                V.Store(mean, parameters + c);
                V.Store(variance, variances + c);
                V.Store(residual, residuals + c);
                finite = V.MulAdd(variance, V.Of(0), finite);
            }

            if (double.IsNaN(RowReduction<T, V, SumReduction>.Lanes(default, finite))) SetExtremes(channel, width, parameters, pitch);
            for (int c = 0; c < width; c += V.Count)
            {
                // (x - mean - residual) scale + beta
                V scale = Of.Load(Of.Gamma, channel + c, 1) * Of.Load(Of.Reciprocal, channel + c);
                V.Store(scale, parameters + pitch + c);
                V.Store(V.MulAdd(-V.Load(residuals + c), scale, Of.Load(Of.Beta, channel + c)), parameters + (2 * pitch) + c);
                if (RunningMean == null) continue;
                V newest = V.Min(largest, V.Load(variances + c) * unbiased);
                Of.Store(ChannelStatistics.Running(Of.Load(RunningMean, channel + c), Of.Load(Of.Mean, channel + c), Momentum), RunningMean,
                    channel + c);
                Of.Store(ChannelStatistics.Running(Of.Load(RunningVariance, channel + c), newest, Momentum), RunningVariance, channel + c);
            }
        }

        private readonly void SetExtremes(int channel, int width, T* parameters, int pitch)
        {
            T* variances = parameters + (3 * pitch), residuals = parameters + (4 * pitch);
            for (int c = 0; c < width; c++)
            {
                if (T.IsFinite(variances[c])) continue;
                int at = channel + c;
                ExtremeStatistics<T> of = new(X + at, Of.Rows, Of.Count, 1, null, PlainEpsilon, null);
                (Of.Mean[at], Of.Reciprocal[at], variances[c]) = (of.Mean, of.Reciprocal, of.Variance);
                if (Of.Residuals != null) Of.Residuals[at] = of.Residual;

                // Where x - mean overflows, all of the mean is taken away after the multiplication instead.
                (parameters[c], residuals[c]) = of.IsBeyondRange ? (T.Zero, of.Mean) : (of.Mean, of.Residual);
            }
        }
    }

    /// <summary>From mean, scale and shift over the sums to the gradients of gamma and beta, and to offset and slope.</summary>
    private struct BackwardWork<T, V> : IChannelWork<T>
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal HostChannels<T, V> Of;
        internal T* DGamma, DBeta;
        internal bool OfBatch, IsScaled;

        public readonly void Prepare(int channel, int width, T* parameters, int pitch)
        {
            for (int c = 0; c < width; c += V.Count)
            {
                V reciprocal = Of.Load(Of.Reciprocal, channel + c), power = V.Of(1), inverse = power;
                if (IsScaled) power = ChannelStatistics.ScaleOf(reciprocal, out inverse);
                V scale = Of.Load(Of.Gamma, channel + c, 1) * (reciprocal * inverse);
                V residual = Of.Load(Of.Residuals, channel + c) * power;
                V.Store(Of.Load(Of.Mean, channel + c) * power, parameters + c);
                V.Store(scale, parameters + pitch + c);
                V.Store(V.MulAdd(-residual, scale, Of.Load(Of.Beta, channel + c)), parameters + (2 * pitch) + c);
                V.Store(residual, parameters + (3 * pitch) + c);
                V.Store(power, parameters + (5 * pitch) + c);
            }
        }

        public readonly void Finish(int channel, int width, T* first, T* second, T* parameters, int pitch)
        {
            V rows = V.Of(Of.Rows);
            for (int c = 0; c < width; c += V.Count)
            {
                V sum = V.Load(first + c);
                V residual = V.Load(parameters + (3 * pitch) + c);
                V products = V.MulAdd(-residual, sum, V.Load(second + c));
                V reciprocal = Of.Load(Of.Reciprocal, channel + c);
                if (IsScaled)
                {
                    _ = ChannelStatistics.ScaleOf(reciprocal, out V inverse);
                    reciprocal *= inverse;
                }

                Of.Store(sum, DBeta, channel + c);
                Of.Store(products * reciprocal, DGamma, channel + c);
                V slope = ChannelStatistics.Slope(V.Load(parameters + pitch + c), reciprocal, sum, products, rows, out V offset);
                if (!OfBatch) continue;
                V.Store(V.MulAdd(-residual, slope, offset), parameters + (3 * pitch) + c);
                V.Store(slope, parameters + (4 * pitch) + c);
            }
        }
    }
}
