using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Norms.Host;

/// <summary>Group normalisation on the host: an image at a time, its channels side by side.</summary>
internal static unsafe class HostGroupNormalization
{
    /// <summary>Images are shared out in at most so many pieces, each with sums and parameters of its own.</summary>
    private const int MaxChunks = 64;

    private const int ChunkElements = 16384;

    internal readonly record struct Forward<TActivation>(
        Storage X, GroupNormShape Shape, Storage? Gamma, Storage? Beta, double Epsilon, Storage Mean, Storage Reciprocal,
        Storage Y, Storage? Shift = null, Storage? Distances = null) : IVectorWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            int pitch = ChannelPanel<T, V, NormalizeFormula<FoldedNothing>>.Padded(Shape.Channels);
            (int imagesInChunk, int chunks) = Cut(Shape);
            using Scratch scratch = new(cpu, X.DType, checked(chunks * Rows * pitch));
            ForwardJob<T, V, TActivation> job = new()
            {
                X = X.Pointer<T>(), Gamma = Gamma.PointerOrNull<T>(), Beta = Beta.PointerOrNull<T>(),
                Shift = Shift.PointerOrNull<T>(), Distances = Distances.PointerOrNull<T>(),
                Mean = Mean.Pointer<T>(),
                Residuals = ChannelStatistics.HasResiduals(Mean, Shape.Statistics) ? Mean.Pointer<T>() + Shape.Statistics : null,
                Reciprocal = Reciprocal.Pointer<T>(), Y = Y.Pointer<T>(), Scratch = scratch.Pointer<T>(),
                Shape = Shape, Epsilon = Epsilon, ImagesInChunk = imagesInChunk, Pitch = pitch,
            };
            cpu.Workers.Run(ref job, chunks);
        }
    }

    internal readonly record struct Backward<TActivation>(
        Storage G, Storage X, GroupNormShape Shape, Storage? Gamma, Storage Mean, Storage Reciprocal, Storage DGamma,
        Storage DBeta, Storage? Dx, Storage? Beta = null, Storage? Shift = null, Storage? Distances = null, Storage? DShift = null)
        : IVectorWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            bool isScaled = ChannelStatistics.AnySmall<T, V>(Reciprocal.Pointer<T>(), Shape.Statistics);
            if (isScaled) Pass<T, V, ScaledGradientFormula<TActivation>>(cpu);
            else Pass<T, V, NormalizeGradientFormula<TActivation>>(cpu);
        }

        private void Pass<T, V, TFormula>(CpuDevice cpu)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
            where TFormula : struct, IChannelFormula
        {
            int pitch = ChannelPanel<T, V, TFormula>.Padded(Shape.Channels);
            (int imagesInChunk, int chunks) = Cut(Shape);
            using Scratch scratch = new(cpu, X.DType, checked(chunks * Rows * pitch));
            BackwardJob<T, V, TFormula> job = new()
            {
                G = G.Pointer<T>(), X = X.Pointer<T>(), Gamma = Gamma.PointerOrNull<T>(), Beta = Beta.PointerOrNull<T>(),
                Shift = Shift.PointerOrNull<T>(), Distances = Distances.PointerOrNull<T>(), DShift = DShift.PointerOrNull<T>(),
                Mean = Mean.Pointer<T>(),
                Residuals = ChannelStatistics.HasResiduals(Mean, Shape.Statistics) ? Mean.Pointer<T>() + Shape.Statistics : null,
                Reciprocal = Reciprocal.Pointer<T>(), Dx = Dx.PointerOrNull<T>(), Scratch = scratch.Pointer<T>(),
                Shape = Shape, ImagesInChunk = imagesInChunk, Pitch = pitch,
            };
            cpu.Workers.Run(ref job, chunks);
            HostReduce.SumParts(job.Scratch + (BackwardJob<T, V, TFormula>.DGammaRow * pitch), chunks, Rows * pitch, Shape.Channels,
                DGamma.Pointer<T>());
            HostReduce.SumParts(job.Scratch + (BackwardJob<T, V, TFormula>.DBetaRow * pitch), chunks, Rows * pitch, Shape.Channels,
                DBeta.Pointer<T>());
        }
    }

    /// <summary>Of the rows of scratch memory of a piece, the first of the two with sums: before it are the parameters.</summary>
    private const int SumsRow = ChannelPanel<float, Float256, NormalizeFormula<FoldedNothing>>.Parameters;

    /// <summary>The rows of scratch memory of a piece: the parameters of each channel, two sums, two gradients.</summary>
    private const int Rows = SumsRow + 4;

    private static (int ImagesInChunk, int Chunks) Cut(GroupNormShape shape)
    {
        int images = Math.Max((shape.Images + MaxChunks - 1) / MaxChunks, ChunkElements / Math.Max(1, shape.Positions * shape.Channels));
        images = Math.Clamp(images, 1, shape.Images);
        return (images, (shape.Images + images - 1) / images);
    }

    private struct ForwardJob<T, V, TActivation> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TActivation : unmanaged, IFoldedActivation
    {
        internal T* X, Gamma, Beta, Shift, Mean, Residuals, Reciprocal, Distances, Y, Scratch;
        internal GroupNormShape Shape;
        internal double Epsilon;
        internal int ImagesInChunk, Pitch;

        public readonly void Run(int chunk)
        {
            ChannelPanel<T, V, NormalizeFormula<TActivation>> panel = new(default, Shape.Channels);
            T* parameters = Scratch + ((nint)chunk * Rows * Pitch);
            T* first = parameters + (SumsRow * Pitch);
            int end = Math.Min((chunk + 1) * ImagesInChunk, Shape.Images);
            for (int image = chunk * ImagesInChunk; image < end; image++)
            {
                nint start = (nint)image * Shape.Positions * Shape.Channels;
                T* shift = Shift == null ? null : Shift + ((nint)image * Shape.Channels);
                Pivots(X + start, shift, parameters);
                panel.Sums(X + start, X + start, Shape.Positions, Shape.Channels, parameters, Pitch, first, first + Pitch);
                for (int group = 0; group < Shape.Groups; group++) Finish(image, group, parameters, first, first + Pitch);
                panel.Elements(X + start, X + start, Y + start, Shape.Positions, Shape.Channels, parameters, Pitch);
            }
        }

        /// <summary>
        /// One pivot for all channels of a group: the mean at some positions that are spread over all of them. With a shift s, x + s
        /// - pivot is x - (pivot - s): so the shift costs nothing.
        /// </summary>
        private readonly void Pivots(T* x, T* shift, T* pivots)
        {
            int count = Math.Min(BatchNormalization.PivotRows, Shape.Positions);
            int width = Shape.GroupChannels;
            new Span<T>(pivots, Shape.Channels).Clear();
            for (int i = 0; i < count; i++)
            {
                T* row = x + ((nint)((long)i * Shape.Positions / count) * Shape.Channels);
                int c = 0;
                for (; c <= Shape.Channels - V.Count; c += V.Count) V.Store(V.Load(pivots + c) + V.Load(row + c), pivots + c);
                for (; c < Shape.Channels; c++) pivots[c] += row[c];
            }

            for (int channel = 0; channel < Shape.Channels; channel += width)
            {
                double sum = 0;
                for (int c = channel; c < channel + width; c++) sum += double.CreateTruncating(pivots[c]);
                double pivot = sum / ((double)count * width);
                if (shift == null)
                {
                    new Span<T>(pivots + channel, width).Fill(T.CreateTruncating(pivot));
                    continue;
                }

                double shifts = 0;
                for (int c = channel; c < channel + width; c++) shifts += double.CreateTruncating(shift[c]);
                T center = T.CreateTruncating(pivot + (shifts / width));
                for (int c = channel; c < channel + width; c++) pivots[c] = center - shift[c];
            }
        }

        private readonly void Finish(int image, int group, T* parameters, T* first, T* second)
        {
            int width = Shape.GroupChannels;
            int channel = group * width;
            T* shift = Shift == null ? null : Shift + ((nint)image * Shape.Channels);
            double pivot = Exact(parameters, shift, channel), sum = 0, squares = 0;
            for (int c = channel; c < channel + width; c++)
            {
                // The pivot of a channel with a shift was rounded by itself: the sums are brought to that of the group.
                double own = double.CreateTruncating(first[c]), apart = Exact(parameters, shift, c) - pivot;
                sum += own + (apart * Shape.Positions);
                squares += double.CreateTruncating(second[c]) + (apart * ((2 * own) + (apart * Shape.Positions)));
            }

            double distance = sum / Shape.Terms;
            double variance = Math.Max(0, (squares - (sum * distance)) / Shape.Terms);
            double center = pivot + distance;
            int statistic = (image * Shape.Groups) + group;
            T mean = T.CreateTruncating(center), residual = T.CreateTruncating((pivot - double.CreateTruncating(mean)) + distance);
            T reciprocal = T.CreateTruncating(1 / Math.Sqrt(variance + Epsilon));
            T* distances = Distances == null ? null : Distances + ((nint)image * Shape.Channels) + channel;
            bool isBeyondRange = false;
            if (!double.IsFinite(variance) || (typeof(T) == typeof(float) && variance > float.MaxValue))
            {
                ExtremeStatistics<T> of = new(
                    X + ((nint)image * Shape.Positions * Shape.Channels) + channel, Shape.Positions, Shape.Channels, width,
                    shift == null ? null : shift + channel, Epsilon, distances);
                (mean, residual, reciprocal, isBeyondRange) = (of.Mean, of.Residual, of.Reciprocal, of.IsBeyondRange);
            }
            else if (distances != null)
            {
                // What is left of the channel's own distance from the mean, summed over the positions: the gradient of the shift needs it.
                for (int c = channel; c < channel + width; c++) distances[c - channel] = T.CreateTruncating(
                    double.CreateTruncating(first[c]) + ((Exact(parameters, shift, c) - pivot - distance) * Shape.Positions));
            }

            Mean[statistic] = mean;
            if (Residuals != null) Residuals[statistic] = residual;
            Reciprocal[statistic] = reciprocal;
            double exact = double.CreateTruncating(mean), rest = double.CreateTruncating(residual);
            for (int c = channel; c < channel + width; c++)
            {
                // (x - mean) scale + beta, with what the mean of the channel is rounded by; all of it where x - mean overflows.
                double own = exact - (shift == null ? 0 : double.CreateTruncating(shift[c]));
                T rounded = isBeyondRange ? T.Zero : T.CreateTruncating(own), scale = Gamma == null ? reciprocal : Gamma[c] * reciprocal;
                double left = own - double.CreateTruncating(rounded) + rest;
                parameters[c] = rounded;
                parameters[Pitch + c] = scale;
                parameters[(2 * Pitch) + c] =
                    T.CreateTruncating((Beta == null ? 0 : double.CreateTruncating(Beta[c])) - (left * double.CreateTruncating(scale)));
            }
        }

        // The pivot of a channel, of x + shift.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static double Exact(T* pivots, T* shift, int channel) =>
            double.CreateTruncating(pivots[channel]) + (shift == null ? 0 : double.CreateTruncating(shift[channel]));
    }

    private struct BackwardJob<T, V, TFormula> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TFormula : struct, IChannelFormula
    {
        internal const int DGammaRow = SumsRow + 2, DBetaRow = SumsRow + 3;

        internal T* G, X, Gamma, Beta, Shift, Mean, Residuals, Reciprocal, Distances, DShift, Dx, Scratch;
        internal GroupNormShape Shape;
        internal int ImagesInChunk, Pitch;

        public readonly void Run(int chunk)
        {
            ChannelPanel<T, V, TFormula> panel = new(default, Shape.Channels);
            T* parameters = Scratch + ((nint)chunk * Rows * Pitch);
            T* first = parameters + (SumsRow * Pitch);
            new Span<T>(parameters + (DGammaRow * Pitch), 2 * Pitch).Clear();
            int end = Math.Min((chunk + 1) * ImagesInChunk, Shape.Images);
            for (int image = chunk * ImagesInChunk; image < end; image++)
            {
                nint start = (nint)image * Shape.Positions * Shape.Channels;
                for (int group = 0; group < Shape.Groups; group++) Prepare(image, group, parameters);
                panel.Sums(X + start, G + start, Shape.Positions, Shape.Channels, parameters, Pitch, first, first + Pitch);
                for (int group = 0; group < Shape.Groups; group++) Finish(image, group, parameters, first, first + Pitch);
                if (Dx != null) panel.Elements(X + start, G + start, Dx + start, Shape.Positions, Shape.Channels, parameters, Pitch);
            }
        }

        /// <summary>Mean, scale and shift of the channels of a group, and what the mean was rounded by.</summary>
        private readonly void Prepare(int image, int group, T* parameters)
        {
            int statistic = (image * Shape.Groups) + group;
            (T power, T factor) = Scale(statistic);
            double mean = double.CreateTruncating(Mean[statistic]);
            double residual = Residuals == null ? 0 : double.CreateTruncating(Residuals[statistic]);
            for (int c = group * Shape.GroupChannels; c < (group + 1) * Shape.GroupChannels; c++)
            {
                double own = Shift == null ? mean : mean - double.CreateTruncating(Shift[((nint)image * Shape.Channels) + c]);
                T center = T.CreateTruncating(own), scale = Gamma == null ? factor : Gamma[c] * factor;
                T left = T.CreateTruncating(own - double.CreateTruncating(center) + residual) * power;
                parameters[c] = center * power;
                parameters[Pitch + c] = scale;
                parameters[(2 * Pitch) + c] = (Beta == null ? T.Zero : Beta[c]) - (left * scale);
                parameters[(3 * Pitch) + c] = left;
                parameters[(5 * Pitch) + c] = power;
            }
        }

        // What values are multiplied by, and the reciprocal deviation of the products.
        private readonly (T Power, T Reciprocal) Scale(int statistic)
        {
            T reciprocal = Reciprocal[statistic];
            if (!TFormula.TakesScale || !ChannelStatistics.IsSmall(reciprocal)) return (T.One, reciprocal);
            V power = ChannelStatistics.ScaleOf(V.Fill(reciprocal), out V inverse);
            return (*(T*)&power, reciprocal * *(T*)&inverse);
        }

        /// <summary>
        /// From the sums of g and of g (x - mean) to what the statistics of the group pass on, and to the gradients of gamma and beta.
        /// </summary>
        private readonly void Finish(int image, int group, T* parameters, T* first, T* second)
        {
            int width = Shape.GroupChannels;
            int channel = group * width;
            (T power, T reciprocal) = Scale((image * Shape.Groups) + group);
            double sum = 0, products = 0;
            for (int c = channel; c < channel + width; c++)
            {
                // gamma reciprocal is there already: the sums come out multiplied by the reciprocal deviation once.
                T own = second[c] - (parameters[(3 * Pitch) + c] * first[c]);
                sum += double.CreateTruncating(parameters[Pitch + c] * first[c]);
                products += double.CreateTruncating(parameters[Pitch + c] * own);
                parameters[(DGammaRow * Pitch) + c] += own * reciprocal;
                parameters[(DBetaRow * Pitch) + c] += first[c];
            }

            double r = double.CreateTruncating(reciprocal);
            double offset = -sum / Shape.Terms, slope = -(r * r * products) / Shape.Terms;
            for (int c = channel; c < channel + width; c++)
            {
                // offset + slope (d - left)
                parameters[(3 * Pitch) + c] =
                    T.CreateTruncating(offset - (slope * double.CreateTruncating(parameters[(3 * Pitch) + c])));
                parameters[(4 * Pitch) + c] = T.CreateTruncating(slope);
            }

            if (DShift == null) return;
            double scaling = double.CreateTruncating(power);
            for (int c = channel; c < channel + width; c++)
            {
                // The sum of dx = scale h + offset + slope d over the positions.
                nint at = ((nint)image * Shape.Channels) + c;
                double scaled = double.CreateTruncating(parameters[Pitch + c] * first[c]);
                DShift[at] = T.CreateTruncating(
                    scaling * (scaled + (offset * Shape.Positions) + (slope * scaling * double.CreateTruncating(Distances[at]))));
            }
        }
    }
}
