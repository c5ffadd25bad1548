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
        static bool IVectorWork.AddsAcrossLanes => true;

        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            int pitch = ChannelPanel<T, V, NormalizeFormula<FoldedNothing>>.Padded(Shape.Channels);
            (int imagesInChunk, int chunks) = Cut(Shape);
            using Scratch scratch = new(cpu, X.DType, checked(chunks * Rows * pitch));
            ForwardJob<T, V, TActivation> job = new()
            {
                X = X.Pointer<T>(), Gamma = Gamma.PointerOrNull<T>(), Beta = Beta.PointerOrNull<T>(),
                Shift = Shift.PointerOrNull<T>(), Distances = Distances.PointerOrNull<T>(),
                Mean = Mean.Pointer<T>(), Reciprocal = Reciprocal.Pointer<T>(), Y = Y.Pointer<T>(), Scratch = scratch.Pointer<T>(),
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
        static bool IVectorWork.AddsAcrossLanes => true;

        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            int pitch = ChannelPanel<T, V, NormalizeGradientFormula<FoldedNothing>>.Padded(Shape.Channels);
            (int imagesInChunk, int chunks) = Cut(Shape);
            using Scratch scratch = new(cpu, X.DType, checked(chunks * Rows * pitch));
            BackwardJob<T, V, TActivation> job = new()
            {
                G = G.Pointer<T>(), X = X.Pointer<T>(), Gamma = Gamma.PointerOrNull<T>(), Beta = Beta.PointerOrNull<T>(),
                Shift = Shift.PointerOrNull<T>(), Distances = Distances.PointerOrNull<T>(), DShift = DShift.PointerOrNull<T>(),
                Mean = Mean.Pointer<T>(), Reciprocal = Reciprocal.Pointer<T>(), Dx = Dx.PointerOrNull<T>(), Scratch = scratch.Pointer<T>(),
                Shape = Shape, ImagesInChunk = imagesInChunk, Pitch = pitch,
            };
            cpu.Workers.Run(ref job, chunks);
            HostReduce.SumParts(job.Scratch + (BackwardJob<T, V, TActivation>.DGammaRow * pitch), chunks, Rows * pitch, Shape.Channels,
                DGamma.Pointer<T>());
            HostReduce.SumParts(job.Scratch + (BackwardJob<T, V, TActivation>.DBetaRow * pitch), chunks, Rows * pitch, Shape.Channels,
                DBeta.Pointer<T>());
        }
    }

    /// <summary>The rows of scratch memory of a piece: five parameters of each channel, two sums, two gradients.</summary>
    private const int Rows = ChannelPanel<float, Float256, NormalizeFormula<FoldedNothing>>.Parameters + 4;

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
        internal T* X, Gamma, Beta, Shift, Mean, Reciprocal, Distances, Y, Scratch;
        internal GroupNormShape Shape;
        internal double Epsilon;
        internal int ImagesInChunk, Pitch;

        public readonly void Run(int chunk)
        {
            ChannelPanel<T, V, NormalizeFormula<TActivation>> panel = new(default, Shape.Channels);
            T* parameters = Scratch + ((nint)chunk * Rows * Pitch);
            T* first = parameters + (5 * Pitch);
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
            for (int channel = 0; channel < Shape.Channels; channel += width)
            {
                double sum = 0;
                for (int i = 0; i < count; i++)
                {
                    T* row = x + ((nint)((long)i * Shape.Positions / count) * Shape.Channels) + channel;
                    sum += RowReduction<T, V, SumReduction>.Contiguous(default, row, width, V.Of(0));
                }

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
            double sum = 0, squares = 0;
            for (int c = channel; c < channel + width; c++)
            {
                sum += double.CreateTruncating(first[c]);
                squares += double.CreateTruncating(second[c]);
            }

            double distance = sum / Shape.Terms;
            double variance = Math.Max(0, (squares - (sum * distance)) / Shape.Terms);
            T* shift = Shift == null ? null : Shift + ((nint)image * Shape.Channels);
            T pivot = shift == null ? parameters[channel] : parameters[channel] + shift[channel];
            T mean = T.CreateTruncating(double.CreateTruncating(pivot) + distance);
            T reciprocal = T.CreateTruncating(1 / Math.Sqrt(variance + Epsilon));
            Mean[(image * Shape.Groups) + group] = mean;
            Reciprocal[(image * Shape.Groups) + group] = reciprocal;
            for (int c = channel; c < channel + width; c++)
            {
                // What is left of the channel's own distance from the mean, summed over the positions: the gradient of the shift needs it.
                if (Distances != null)
                    Distances[((nint)image * Shape.Channels) + c] =
                        T.CreateTruncating(double.CreateTruncating(first[c]) - (distance * Shape.Positions));
                parameters[c] = shift == null ? mean : mean - shift[c];
                parameters[Pitch + c] = Gamma == null ? reciprocal : Gamma[c] * reciprocal;
                parameters[(2 * Pitch) + c] = Beta == null ? T.Zero : Beta[c];
            }
        }
    }

    private struct BackwardJob<T, V, TActivation> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TActivation : unmanaged, IFoldedActivation
    {
        internal const int DGammaRow = 7, DBetaRow = 8;

        internal T* G, X, Gamma, Beta, Shift, Mean, Reciprocal, Distances, DShift, Dx, Scratch;
        internal GroupNormShape Shape;
        internal int ImagesInChunk, Pitch;

        public readonly void Run(int chunk)
        {
            ChannelPanel<T, V, NormalizeGradientFormula<TActivation>> panel = new(default, Shape.Channels);
            T* parameters = Scratch + ((nint)chunk * Rows * Pitch);
            T* first = parameters + (5 * Pitch);
            new Span<T>(parameters + (DGammaRow * Pitch), 2 * Pitch).Clear();
            int end = Math.Min((chunk + 1) * ImagesInChunk, Shape.Images);
            for (int image = chunk * ImagesInChunk; image < end; image++)
            {
                nint start = (nint)image * Shape.Positions * Shape.Channels;
                for (int c = 0; c < Shape.Channels; c++)
                {
                    int statistic = (image * Shape.Groups) + (c / Shape.GroupChannels);
                    parameters[c] = Shift == null ? Mean[statistic] : Mean[statistic] - Shift[((nint)image * Shape.Channels) + c];
                    parameters[Pitch + c] = Gamma == null ? Reciprocal[statistic] : Gamma[c] * Reciprocal[statistic];
                    parameters[(2 * Pitch) + c] = Beta == null ? T.Zero : Beta[c];
                }

                panel.Sums(X + start, G + start, Shape.Positions, Shape.Channels, parameters, Pitch, first, first + Pitch);
                for (int group = 0; group < Shape.Groups; group++) Finish(image, group, parameters, first, first + Pitch);
                if (Dx != null) panel.Elements(X + start, G + start, Dx + start, Shape.Positions, Shape.Channels, parameters, Pitch);
            }
        }

        /// <summary>
        /// From the sums of g and of g (x - mean) to what the statistics of the group pass on, and to the gradients of gamma and beta.
        /// </summary>
        private readonly void Finish(int image, int group, T* parameters, T* first, T* second)
        {
            int width = Shape.GroupChannels;
            int channel = group * width;
            T reciprocal = Reciprocal[(image * Shape.Groups) + group];
            double sum = 0, products = 0;
            for (int c = channel; c < channel + width; c++)
            {
                // gamma reciprocal is there already: the sums come out multiplied by the reciprocal deviation once.
                sum += double.CreateTruncating(parameters[Pitch + c] * first[c]);
                products += double.CreateTruncating(parameters[Pitch + c] * second[c]);
                parameters[(DGammaRow * Pitch) + c] += second[c] * reciprocal;
                parameters[(DBetaRow * Pitch) + c] += first[c];
            }

            double r = double.CreateTruncating(reciprocal);
            double offset = -sum / Shape.Terms, slope = -(r * r * products) / Shape.Terms;
            new Span<T>(parameters + (3 * Pitch) + channel, width).Fill(T.CreateTruncating(offset));
            new Span<T>(parameters + (4 * Pitch) + channel, width).Fill(T.CreateTruncating(slope));
            if (DShift == null) return;
            for (int c = channel; c < channel + width; c++)
            {
                // The sum of dx = scale h + offset + slope d over the positions.
                nint at = ((nint)image * Shape.Channels) + c;
                double scaled = double.CreateTruncating(parameters[Pitch + c] * first[c]);
                DShift[at] = T.CreateTruncating(scaled + (offset * Shape.Positions) + (slope * double.CreateTruncating(Distances[at])));
            }
        }
    }
}
