using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Norms.Gpu;

/// <summary>Group normalisation, and layer normalisation as one of a single position and group, as GPU kernels.</summary>
/// <remarks>
/// One launch normalises: a team of threads (<see cref="IRowTeam"/>) has the terms of one mean, and passes over them for the mean, for the
/// variance around it, and for the outputs. The first pass reads memory; the others find the terms in the caches, 16 to 64 KB for each
/// group of threads. So memory sees one read and one write of each element. The shift of the channels and the activation are applied on the
/// way. The derivative reads x and g twice in the same manner; a kernel before it goes down the columns for the gradients of gamma and
/// beta.
/// </remarks>
internal static class GpuGroupNormalization
{
    internal readonly record struct Forward<TActivation>(
        Storage X, GroupNormShape Shape, Storage? Gamma, Storage? Beta, Storage? Shift, double Epsilon, Storage Mean,
        Storage Reciprocal, Storage Y) : IScalarWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            RowLaunch launch = new(device, Shape.Statistics, Shape.Terms);
            device.Launcher(
                launch.Choose(
                    ForwardKernel<TLane, TActivation, OneThread>, ForwardKernel<TLane, TActivation, OneWarp>,
                    ForwardKernel<TLane, TActivation, OneGroup>),
                static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                launch.Config, new(Shape, Gamma is not null, Beta is not null, Shift is not null,
                ChannelStatistics.HasResiduals(Mean, Shape.Statistics)), TLane.Of(Epsilon),
                ViewOf<TLane>(X), ViewOf<TLane>(Gamma ?? X), ViewOf<TLane>(Beta ?? X),
                ViewOf<TLane>(Shift ?? X), ViewOf<TLane>(Mean), ViewOf<TLane>(Reciprocal),
                ViewOf<TLane>(Y), default);
        }
    }

    internal readonly record struct Backward<TActivation>(
        Storage G, Storage X, GroupNormShape Shape, Storage? Gamma, Storage? Beta, Storage? Shift, Storage Mean,
        Storage Reciprocal, Storage DGamma, Storage DBeta, Storage? Dx) : IScalarWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            ColumnTile tile = new(Shape.Images * Shape.Positions, Shape.Channels, 1),
                parts = new(tile.Parts, Shape.Channels, 1, isWhole: true);
            GroupWalk walk = new(Shape, Gamma is not null, Beta is not null, Shift is not null,
                ChannelStatistics.HasResiduals(Mean, Shape.Statistics));
            ArrayView<TLane> x = ViewOf<TLane>(X), g = ViewOf<TLane>(G), gamma = ViewOf<TLane>(Gamma ?? X),
                beta = ViewOf<TLane>(Beta ?? X), shift = ViewOf<TLane>(Shift ?? X),
                mean = ViewOf<TLane>(Mean), reciprocal = ViewOf<TLane>(Reciprocal);
            using (Scratch scratch = new(device, X.DType, checked(2 * tile.Parts * Shape.Channels)))
            {
                ArrayView<TLane> memory = ViewOf<TLane>(scratch);
                device.Launcher(PartKernel<TLane, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    tile.Config(1), walk, tile, x, g, gamma, beta, shift, mean, reciprocal, memory, default);
                device.Launcher(FinishKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    parts.Config(1), parts, memory, ViewOf<TLane>(DGamma), ViewOf<TLane>(DBeta));
            }

            if (Dx is null) return;
            RowLaunch launch = new(device, Shape.Statistics, Shape.Terms);
            device.Launcher(
                launch.Choose(
                    BackwardKernel<TLane, TActivation, OneThread>, BackwardKernel<TLane, TActivation, OneWarp>,
                    BackwardKernel<TLane, TActivation, OneGroup>),
                static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                launch.Config, walk, x, g, gamma, beta, shift, mean, reciprocal, ViewOf<TLane>(Dx), default);
        }
    }

    /// <summary>A team computes the mean of its terms, the variance around it, and the outputs.</summary>
    private static void ForwardKernel<TLane, TActivation, TTeam>(
        GroupWalk walk, TLane epsilon, ArrayView<TLane> x, ArrayView<TLane> gamma, ArrayView<TLane> beta, ArrayView<TLane> shift,
        ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> y, TActivation activation)
        where TLane : unmanaged, IScalarLane<TLane>
        where TActivation : unmanaged, IFoldedActivation
        where TTeam : unmanaged, IRowTeam
    {
        int statistic = TTeam.Row;
        if (statistic >= walk.Statistics) return;
        GroupTerms of = new(walk, statistic);
        int first = 4 * TTeam.Thread, step = 4 * TTeam.Size;
        TLane terms = TLane.Of(walk.Terms), zero = TLane.Of(0), one = TLane.Of(1), infinity = TLane.Of(double.PositiveInfinity);
        TLane scale = one, unscaled = one, sum = zero, distance = zero, squares = zero;
        for (int term = first; term < walk.Terms; term += step)
        {
            Four<TLane> a = of.Shifted(x, shift, term, walk.Terms - term, zero);
            sum += a.X + a.Y + (a.Z + a.W);
        }

        TLane center = TTeam.Total(sum, default(SumReduction)) / terms, padding = center;
        for (int term = first; term < walk.Terms; term += step) AddDistances(
            of.Shifted(x, shift, term, walk.Terms - term, padding), scale, center, ref distance, ref squares);
        distance = TTeam.Total(distance, default(SumReduction)) / terms;
        squares = TTeam.Total(squares, default(SumReduction)) / terms;
        if (!TLane.IsLess(squares, infinity))
        {
            // A sum has overflowed: once more in small values, by each thread for itself, for a team would have to wait for itself here.
            scale = ReductionScale.Small<TLane>();
            unscaled = ReductionScale.Large<TLane>();
            sum = distance = squares = zero;
            for (int term = 0; term < walk.Terms; term += 4)
            {
                Four<TLane> a = of.Shifted(x, shift, term, walk.Terms - term, zero);
                sum += (a.X * scale) + (a.Y * scale) + ((a.Z * scale) + (a.W * scale));
            }

            center = sum / terms;
            padding = center * unscaled;
            for (int term = 0; term < walk.Terms; term += 4) AddDistances(
                of.Shifted(x, shift, term, walk.Terms - term, padding), scale, center, ref distance, ref squares);
            distance /= terms;
            squares /= terms;
        }

        // mean(d²) - mean(d)², and the outputs likewise: the center was rounded before it was taken away.
        TLane variance = TLane.Max(squares - (distance * distance), zero);
        TLane r = ChannelStatistics.ReciprocalDeviation(variance, ChannelStatistics.ScaledEpsilon(epsilon, scale)),
            offset = -(distance * r);
        for (int term = first; term < walk.Terms; term += step)
        {
            int left = walk.Terms - term;
            Four<TLane> a = of.Shifted(x, shift, term, left, padding), factor = of.OfChannels(gamma, walk.HasGamma, 0, term, one),
                b = of.OfChannels(beta, walk.HasBeta, 0, term, zero);
            of.Store(y, term, left, new Four<TLane>(
                activation.Apply(TLane.MulAdd(TLane.MulAdd((a.X * scale) - center, r, offset), factor.X, b.X)),
                activation.Apply(TLane.MulAdd(TLane.MulAdd((a.Y * scale) - center, r, offset), factor.Y, b.Y)),
                activation.Apply(TLane.MulAdd(TLane.MulAdd((a.Z * scale) - center, r, offset), factor.Z, b.Z)),
                activation.Apply(TLane.MulAdd(TLane.MulAdd((a.W * scale) - center, r, offset), factor.W, b.W))));
        }

        if (TTeam.Thread != 0) return;
        mean[statistic] = padding;
        if (walk.HasResiduals != 0) mean[walk.Statistics + statistic] = distance * unscaled;
        reciprocal[statistic] = r * scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddDistances<TLane>(Four<TLane> a, TLane scale, TLane center, ref TLane distance, ref TLane squares)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane d0 = (a.X * scale) - center, d1 = (a.Y * scale) - center, d2 = (a.Z * scale) - center, d3 = (a.W * scale) - center;
        distance += d0 + d1 + (d2 + d3);
        squares += (d0 * d0) + (d1 * d1) + ((d2 * d2) + (d3 * d3));
    }

    /// <summary>
    /// With z = (x - mean) r and h = gamma times the gradient taken back through the activation, a team finds the means of h and of h z and
    /// then dx = r (h - mean(h) - z mean(h z)).
    /// </summary>
    private static void BackwardKernel<TLane, TActivation, TTeam>(
        GroupWalk walk, ArrayView<TLane> x, ArrayView<TLane> g, ArrayView<TLane> gamma, ArrayView<TLane> beta, ArrayView<TLane> shift,
        ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> dx, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IFoldedActivation
        where TTeam : unmanaged, IRowTeam
    {
        int statistic = TTeam.Row;
        if (statistic >= walk.Statistics) return;
        GroupTerms of = new(walk, statistic);
        int first = 4 * TTeam.Thread, step = 4 * TTeam.Size;
        TLane center = mean[statistic], r = reciprocal[statistic], terms = TLane.Of(walk.Terms), sum = TLane.Of(0), products = sum;
        RowScale<TLane> scale = new(center, r, walk.HasResiduals != 0 ? mean[walk.Statistics + statistic] : sum);
        for (int term = first; term < walk.Terms; term += step)
        {
            Normalized(walk, of, x, g, gamma, beta, shift, term, center, scale, activation, out Four<TLane> z, out Four<TLane> h);
            sum += h.X + h.Y + (h.Z + h.W);
            products += (h.X * z.X) + (h.Y * z.Y) + ((h.Z * z.Z) + (h.W * z.W));
        }

        TLane meanH = TTeam.Total(sum, default(SumReduction)) / terms, meanHz = TTeam.Total(products, default(SumReduction)) / terms;
        for (int term = first; term < walk.Terms; term += step)
        {
            Normalized(walk, of, x, g, gamma, beta, shift, term, center, scale, activation, out Four<TLane> z, out Four<TLane> h);
            of.Store(dx, term, walk.Terms - term, new Four<TLane>(
                r * (h.X - meanH - (z.X * meanHz)), r * (h.Y - meanH - (z.Y * meanHz)), r * (h.Z - meanH - (z.Z * meanHz)),
                r * (h.W - meanH - (z.W * meanHz))));
        }
    }

    // z = (x + shift - mean) r and h = gamma activation'(g, z gamma + beta) of four terms; h is 0 past the end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Normalized<TLane, TActivation>(
        GroupWalk walk, GroupTerms of, ArrayView<TLane> x, ArrayView<TLane> g, ArrayView<TLane> gamma, ArrayView<TLane> beta,
        ArrayView<TLane> shift, int term, TLane center, RowScale<TLane> scale, TActivation activation, out Four<TLane> z, out Four<TLane> h)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IFoldedActivation
    {
        int left = walk.Terms - term;
        TLane zero = TLane.Of(0);
        Four<TLane> a = of.Shifted(x, shift, term, left, center), b = of.Load(g, term, left, zero);
        Four<TLane> factor = of.OfChannels(gamma, walk.HasGamma, 0, term, TLane.Of(1)),
            offset = of.OfChannels(beta, walk.HasBeta, 0, term, zero);
        z = new(scale.Normalized(a.X), scale.Normalized(a.Y), scale.Normalized(a.Z), scale.Normalized(a.W));
        h = new(
            factor.X * activation.Gradient(b.X, TLane.MulAdd(z.X, factor.X, offset.X)),
            factor.Y * activation.Gradient(b.Y, TLane.MulAdd(z.Y, factor.Y, offset.Y)),
            factor.Z * activation.Gradient(b.Z, TLane.MulAdd(z.Z, factor.Z, offset.Z)),
            factor.W * activation.Gradient(b.W, TLane.MulAdd(z.W, factor.W, offset.W)));
    }

    /// <summary>
    /// A group adds up the gradients of beta and gamma, activation'(g) and that times z, for four channels of each lane over a part of the
    /// rows.
    /// </summary>
    private static void PartKernel<TLane, TActivation>(
        GroupWalk walk, ColumnTile tile, ArrayView<TLane> x, ArrayView<TLane> g, ArrayView<TLane> gamma, ArrayView<TLane> beta,
        ArrayView<TLane> shift, ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> memory, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IFoldedActivation
    {
        int channel = tile.Column, left = tile.Columns - channel, step = tile.RowStep, end = tile.EndRow;
        TLane zero = TLane.Of(0), one = TLane.Of(1);
        Four<TLane> scale = walk.HasGamma != 0 ? Fours.Load(gamma, channel, left, tile.IsWide, one) : Fours.Of(one),
            offset = walk.HasBeta != 0 ? Fours.Load(beta, channel, left, tile.IsWide, zero) : Fours.Of(zero);
        int g0 = channel / walk.GroupChannels, g1 = (channel + 1) / walk.GroupChannels, g2 = (channel + 2) / walk.GroupChannels,
            g3 = (channel + 3) / walk.GroupChannels;
        Four<TLane> sum = Fours.Of(zero), products = sum;
        for (int row = tile.FirstRow; row < end; row += step)
        {
            int at = (row * tile.Columns) + channel, image = row / walk.Positions, statistic = image * walk.Groups;
            Four<TLane> a = Fours.Load(x, at, left, tile.IsWide, zero), b = Fours.Load(g, at, left, tile.IsWide, zero);
            Four<TLane> more = walk.HasShift != 0 ? Fours.Load(shift, (image * tile.Columns) + channel, left, tile.IsWide, zero)
                : Fours.Of(zero);
            Add(activation, a.X + more.X, b.X, scale.X, offset.X, walk, mean, reciprocal, statistic + g0, left > 0, sum.X, products.X,
                out TLane s0, out TLane p0);
            Add(activation, a.Y + more.Y, b.Y, scale.Y, offset.Y, walk, mean, reciprocal, statistic + g1, left > 1, sum.Y, products.Y,
                out TLane s1, out TLane p1);
            Add(activation, a.Z + more.Z, b.Z, scale.Z, offset.Z, walk, mean, reciprocal, statistic + g2, left > 2, sum.Z, products.Z,
                out TLane s2, out TLane p2);
            Add(activation, a.W + more.W, b.W, scale.W, offset.W, walk, mean, reciprocal, statistic + g3, left > 3, sum.W, products.W,
                out TLane s3, out TLane p3);
            sum = new(s0, s1, s2, s3);
            products = new(p0, p1, p2, p3);
        }

        sum = tile.Total(sum, default(SumReduction));
        products = tile.Total(products, default(SumReduction));
        if (!tile.IsFirst) return;
        Fours.Store(memory, (2 * tile.Part * tile.Columns) + channel, left, tile.IsWide, sum);
        Fours.Store(memory, (((2 * tile.Part) + 1) * tile.Columns) + channel, left, tile.IsWide, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLane, TActivation>(
        TActivation activation, TLane x, TLane g, TLane scale, TLane offset, GroupWalk walk, ArrayView<TLane> mean,
        ArrayView<TLane> reciprocal, int statistic, bool isThere, TLane sum, TLane products, out TLane newSum, out TLane newProducts)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IFoldedActivation
    {
        (newSum, newProducts) = (sum, products);
        if (!isThere) return;
        TLane residual = walk.HasResiduals != 0 ? mean[walk.Statistics + statistic] : TLane.Of(0);
        TLane z = new RowScale<TLane>(mean[statistic], reciprocal[statistic], residual).Normalized(x);
        TLane h = activation.Gradient(g, TLane.MulAdd(z, scale, offset));
        newSum = sum + h;
        newProducts = TLane.MulAdd(h, z, products);
    }

    /// <summary>A group adds up the parts of four channels for each lane.</summary>
    private static void FinishKernel<TLane>(ColumnTile tile, ArrayView<TLane> memory, ArrayView<TLane> dGamma, ArrayView<TLane> dBeta)
        where TLane : unmanaged, ILane<TLane>
    {
        int channel = tile.Column, left = tile.Columns - channel;
        TLane zero = TLane.Of(0);
        Four<TLane> sum = Fours.Of(zero), products = sum;
        for (int part = tile.FirstRow; part < tile.EndRow; part += tile.RowStep)
        {
            sum = ColumnTile.Combine(
                default(SumReduction), sum, Fours.Load(memory, (2 * part * tile.Columns) + channel, left, tile.IsWide, zero));
            products = ColumnTile.Combine(
                default(SumReduction), products, Fours.Load(memory, (((2 * part) + 1) * tile.Columns) + channel, left, tile.IsWide, zero));
        }

        sum = tile.Total(sum, default(SumReduction));
        products = tile.Total(products, default(SumReduction));
        if (!tile.IsFirst) return;
        Fours.Store(dBeta, channel, left, tile.IsWide, sum);
        Fours.Store(dGamma, channel, left, tile.IsWide, products);
    }
}
