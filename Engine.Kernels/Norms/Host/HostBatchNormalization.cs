namespace Engine.Kernels.Norms.Host;

/// <summary>Batch normalisation on the host.</summary>
internal static unsafe class HostBatchNormalization
{
    internal readonly record struct Forward<TActivation>(TActivation Activation, BatchNormalization.ForwardWork Work)
        : IVectorWork
        where TActivation : unmanaged, IFoldedActivation
    {
        static bool IVectorWork.AddsAcrossLanes => true;

        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            NormalizeFormula<TActivation> formula = new(Activation);
            ForwardWork<T, V> work = new()
            {
                X = Work.X.Pointer<T>(), Of = new(Work.Of), Epsilon = V.Of(Work.Epsilon), Momentum = V.Of(Work.Running?.Momentum ?? 0),
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
        static bool IVectorWork.AddsAcrossLanes => true;

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
        static bool IVectorWork.AddsAcrossLanes => true;

        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            NormalizeGradientFormula<TActivation> formula = new(Activation);
            BackwardWork<T, V> work =
                new() { Of = new(Work.Of), DGamma = Work.DGamma.Pointer<T>(), DBeta = Work.DBeta.Pointer<T>(), OfBatch = Work.OfBatch };
            ChannelPasses<T, V, NormalizeGradientFormula<TActivation>, BackwardWork<T, V>>.Run(
                cpu, formula, work, Work.X.Pointer<T>(), Work.G.Pointer<T>(), Work.Dx is null ? null : Work.Dx.Pointer<T>(), Work.Of.Rows,
                Work.Of.Count);
        }
    }

    /// <summary>The arrays of the channels in host memory, read and written by vectors.</summary>
    private readonly struct HostChannels<T, V>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal readonly int Rows, Count;
        internal readonly T* Gamma, Beta, Mean, Reciprocal;

        internal HostChannels(in ChannelArrays of)
        {
            (Rows, Count) = (of.Rows, of.Count);
            Gamma = of.Gamma is null ? null : of.Gamma.Pointer<T>();
            Beta = of.Beta is null ? null : of.Beta.Pointer<T>();
            Mean = of.Mean.Pointer<T>();
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
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal HostChannels<T, V> Of;
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
