using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class GroupNormalization
{
    /// <summary>The forward pass on a device that runs ILGPU's kernels; a layer normalisation is one of a single position and group.</summary>
    internal static void ForwardOnIlgpu(
        IlgpuDevice device, Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, double epsilon, Storage mean, Storage reciprocal, Storage y)
    {
        if (x.DType == DType.Float32) ForwardOnIlgpu<FloatScalar>(device, x, shape, gamma, beta, epsilon, mean, reciprocal, y);
        else ForwardOnIlgpu<DoubleScalar>(device, x, shape, gamma, beta, epsilon, mean, reciprocal, y);
    }

    /// <summary>The derivative on a device that runs ILGPU's kernels.</summary>
    internal static void BackwardOnIlgpu(
        IlgpuDevice device, Storage g, Storage x, GroupNormShape shape, Storage? gamma, Storage mean, Storage reciprocal, Storage dGamma, Storage dBeta, Storage? dx)
    {
        if (x.DType == DType.Float32) BackwardOnIlgpu<FloatScalar>(device, g, x, shape, gamma, mean, reciprocal, dGamma, dBeta, dx);
        else BackwardOnIlgpu<DoubleScalar>(device, g, x, shape, gamma, mean, reciprocal, dGamma, dBeta, dx);
    }

    private static void ForwardOnIlgpu<TLane>(
        IlgpuDevice device, Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, double epsilon, Storage mean, Storage reciprocal, Storage y)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> from = IlgpuStorage.ViewOf<TLane>(x), means = IlgpuStorage.ViewOf<TLane>(mean), reciprocals = IlgpuStorage.ViewOf<TLane>(reciprocal);
        GroupWalk walk = new(shape, gamma is not null, beta is not null);
        Action<GroupWalk, TLane, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> moments = MomentsKernel;
        device.Launcher(moments, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (new Index1D(shape.Statistics), new Index1D(GroupTree.ThreadsFor(shape.Terms))), walk, TLane.Of(epsilon), from, means, reciprocals);
        Action<Index1D, GroupWalk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> elements = ElementKernel;
        device.Launcher(elements, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            x.Length, walk, from, IlgpuStorage.ViewOf<TLane>(gamma ?? x), IlgpuStorage.ViewOf<TLane>(beta ?? x), means, reciprocals, IlgpuStorage.ViewOf<TLane>(y));
    }

    private static void BackwardOnIlgpu<TLane>(
        IlgpuDevice device, Storage g, Storage x, GroupNormShape shape, Storage? gamma, Storage mean, Storage reciprocal, Storage dGamma, Storage dBeta, Storage? dx)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> a = IlgpuStorage.ViewOf<TLane>(x), b = IlgpuStorage.ViewOf<TLane>(g), means = IlgpuStorage.ViewOf<TLane>(mean), reciprocals = IlgpuStorage.ViewOf<TLane>(reciprocal);
        ArrayView<TLane> factors = IlgpuStorage.ViewOf<TLane>(gamma ?? x);
        GroupWalk walk = new(shape, gamma is not null, hasBeta: false);
        BatchNormalization.Walk rows = new(shape.Images * shape.Positions, shape.Channels);
        Storage scratch = device.Allocate(x.DType, checked(2 * Math.Max(shape.Statistics, rows.Parts * shape.Channels)));
        try
        {
            ArrayView<TLane> memory = IlgpuStorage.ViewOf<TLane>(scratch);
            Action<Index1D, GroupWalk, BatchNormalization.Walk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> partial = PartKernel;
            device.Launcher(partial, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                rows.Parts * shape.Channels, walk, rows, a, b, means, reciprocals, memory);
            Action<Index1D, BatchNormalization.Walk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> finish = FinishKernel;
            device.Launcher(finish, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                shape.Channels, rows, memory, IlgpuStorage.ViewOf<TLane>(dGamma), IlgpuStorage.ViewOf<TLane>(dBeta));
            if (dx is null) return;
            Action<GroupWalk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> sums = SumsKernel;
            device.Launcher(sums, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                (new Index1D(shape.Statistics), new Index1D(GroupTree.ThreadsFor(shape.Terms))), walk, a, b, factors, means, reciprocals, memory);
            Action<Index1D, GroupWalk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> input = InputKernel;
            device.Launcher(input, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                x.Length, walk, a, b, factors, means, reciprocals, memory, IlgpuStorage.ViewOf<TLane>(dx));
        }
        finally
        {
            scratch.Release();
        }
    }

    /// <summary>A group of threads computes the mean, and then the variance around it, of one group of channels of one image.</summary>
    private static void MomentsKernel<TLane>(GroupWalk walk, TLane epsilon, ArrayView<TLane> x, ArrayView<TLane> mean, ArrayView<TLane> reciprocal)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> shared = SharedMemory.Allocate<TLane>(GroupTree.MaxThreads);
        TLane terms = TLane.Of(walk.Terms);
        TLane sum = TLane.Of(0);
        for (int term = Group.IdxX; term < walk.Terms; term += Group.DimX) sum += x[walk.At(Grid.IdxX, term)];
        TLane center = GroupTree.Total(shared, sum, default(SumReduction)) / terms;
        TLane squares = TLane.Of(0);
        for (int term = Group.IdxX; term < walk.Terms; term += Group.DimX)
        {
            TLane distance = x[walk.At(Grid.IdxX, term)] - center;
            squares = TLane.MulAdd(distance, distance, squares);
        }

        squares = GroupTree.Total(shared, squares, default(SumReduction));
        if (Group.IdxX != 0) return;
        mean[Grid.IdxX] = center;
        reciprocal[Grid.IdxX] = ChannelStatistics.ReciprocalDeviation(squares / terms, epsilon);
    }

    /// <summary>One thread computes one output.</summary>
    private static void ElementKernel<TLane>(
        Index1D i, GroupWalk walk, ArrayView<TLane> x, ArrayView<TLane> gamma, ArrayView<TLane> beta, ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> y)
        where TLane : unmanaged, ILane<TLane>
    {
        int channel = i % walk.Channels;
        int statistic = walk.Statistic(i);
        TLane scale = walk.HasGamma != 0 ? gamma[channel] * reciprocal[statistic] : reciprocal[statistic];
        y[i] = TLane.MulAdd(x[i] - mean[statistic], scale, walk.HasBeta != 0 ? beta[channel] : TLane.Of(0));
    }

    /// <summary>One thread adds up one part of a channel's gradients of gamma and beta.</summary>
    private static void PartKernel<TLane>(
        Index1D i, GroupWalk walk, BatchNormalization.Walk rows, ArrayView<TLane> x, ArrayView<TLane> g, ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
    {
        int channel = i % rows.Channels;
        int part = i / rows.Channels;
        TLane sum = TLane.Of(0), products = TLane.Of(0);
        int end = IntrinsicMath.Min(rows.Rows, (part + 1) * rows.RowsInPart);
        for (int row = part * rows.RowsInPart; row < end; row++)
        {
            int at = (row * rows.Channels) + channel;
            int statistic = walk.Statistic(at);
            sum += g[at];
            products = TLane.MulAdd(g[at], (x[at] - mean[statistic]) * reciprocal[statistic], products);
        }

        memory[(2 * part * rows.Channels) + channel] = sum;
        memory[(((2 * part) + 1) * rows.Channels) + channel] = products;
    }

    /// <summary>One thread adds up the parts of a channel.</summary>
    private static void FinishKernel<TLane>(Index1D channel, BatchNormalization.Walk rows, ArrayView<TLane> memory, ArrayView<TLane> dGamma, ArrayView<TLane> dBeta)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane sum = TLane.Of(0), products = TLane.Of(0);
        for (int part = 0; part < rows.Parts; part++)
        {
            sum += memory[(2 * part * rows.Channels) + channel];
            products += memory[(((2 * part) + 1) * rows.Channels) + channel];
        }

        dBeta[channel] = sum;
        dGamma[channel] = products;
    }

    /// <summary>A group of threads computes the means of h = g gamma and of h z over one group of channels of one image.</summary>
    private static void SumsKernel<TLane>(
        GroupWalk walk, ArrayView<TLane> x, ArrayView<TLane> g, ArrayView<TLane> gamma, ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> shared = SharedMemory.Allocate<TLane>(GroupTree.MaxThreads);
        TLane center = mean[Grid.IdxX], r = reciprocal[Grid.IdxX], terms = TLane.Of(walk.Terms);
        TLane sum = TLane.Of(0), products = TLane.Of(0);
        for (int term = Group.IdxX; term < walk.Terms; term += Group.DimX)
        {
            int at = walk.At(Grid.IdxX, term);
            TLane h = walk.HasGamma != 0 ? g[at] * gamma[at % walk.Channels] : g[at];
            sum += h;
            products = TLane.MulAdd(h, (x[at] - center) * r, products);
        }

        sum = GroupTree.Total(shared, sum, default(SumReduction));
        products = GroupTree.Total(shared, products, default(SumReduction));
        if (Group.IdxX != 0) return;
        memory[2 * Grid.IdxX] = sum / terms;
        memory[(2 * Grid.IdxX) + 1] = products / terms;
    }

    /// <summary>One thread computes one element of dx = reciprocal (h - mean(h) - z mean(h z)).</summary>
    private static void InputKernel<TLane>(
        Index1D i, GroupWalk walk, ArrayView<TLane> x, ArrayView<TLane> g, ArrayView<TLane> gamma, ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> memory, ArrayView<TLane> dx)
        where TLane : unmanaged, ILane<TLane>
    {
        int statistic = walk.Statistic(i);
        TLane r = reciprocal[statistic];
        TLane h = walk.HasGamma != 0 ? g[i] * gamma[i % walk.Channels] : g[i];
        TLane z = (x[i] - mean[statistic]) * r;
        dx[i] = r * (h - memory[2 * statistic] - (z * memory[(2 * statistic) + 1]));
    }

    /// <summary>The extents as GPU kernels take them; a has of 0 means that the array is not there.</summary>
    internal readonly struct GroupWalk(GroupNormShape shape, bool hasGamma, bool hasBeta)
    {
        private readonly int _positions = shape.Positions, _groups = shape.Groups, _groupChannels = shape.GroupChannels;

        internal readonly int Channels = shape.Channels, Terms = shape.Terms, HasGamma = hasGamma ? 1 : 0, HasBeta = hasBeta ? 1 : 0;

        /// <summary>The place of a term of a group of channels of an image.</summary>
        internal int At(int statistic, int term) =>
            ((((statistic / _groups) * _positions) + (term / _groupChannels)) * Channels) + (statistic % _groups * _groupChannels) + (term % _groupChannels);

        /// <summary>The group of channels of an image to which an element belongs.</summary>
        internal int Statistic(int element) => (element / (_positions * Channels) * _groups) + (element % Channels / _groupChannels);
    }
}
