using Engine.Kernels.Movement;
using Engine.Kernels.Norms.Gpu;
using Engine.Kernels.Norms.Host;

namespace Engine.Kernels.Norms;

/// <summary>
/// Group normalisation (Wu and He 2018, arXiv:1803.08494) of images [N, H, W, C], of float or double: in each image each group of
/// neighbouring channels is brought to mean 0 and variance 1 over all positions, then each channel is scaled and shifted. The number of
/// threads never changes a bit. The residual blocks of diffusion models add a value to each channel of each image before, and apply SiLU
/// after it: both can be done in the same passes over memory.
/// </summary>
public static class GroupNormalization
{
    /// <summary>
    /// y = (x - mean) / sqrt(variance + epsilon) gamma + beta, with the mean and the population variance of each group of each image.
    /// </summary>
    /// <param name="x">The input, [images, positions, channels].</param>
    /// <param name="shape">The extents.</param>
    /// <param name="gamma">A factor for each channel; null for 1.</param>
    /// <param name="beta">What is added to each channel; null for 0.</param>
    /// <param name="epsilon">What is added to the variance; positive.</param>
    /// <param name="mean">Receives the means, [images, groups]; with twice as many elements, behind them what they were rounded by, so that
    /// the derivative is accurate for values far from 0.</param>
    /// <param name="reciprocal">Receives 1 / sqrt(variance + epsilon), [images, groups].</param>
    /// <param name="y">The output, of the input's shape; may be the input.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void Forward(
        Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, double epsilon, Storage mean, Storage reciprocal, Storage y)
    {
        const string Operation = "GroupNormalization.Forward";
        shape.Check(Operation);
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, shape.Count), (nameof(y), y, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(beta), beta, shape.Channels),
            (nameof(mean), mean, ChannelStatistics.MeanLength(mean, shape.Statistics)), (nameof(reciprocal), reciprocal, shape.Statistics));
        ChannelStatistics.CheckEpsilon(Operation, epsilon);
        if (x.Length == 0) return;
        LaneDispatch.Run(
            device, x.DType, new HostGroupNormalization.Forward<FoldedNothing>(x, shape, gamma, beta, epsilon, mean, reciprocal, y),
            new GpuGroupNormalization.Forward<FoldedNothing>(x, shape, gamma, beta, null, epsilon, mean, reciprocal, y));
    }

    /// <summary>
    /// The derivative. With z = (x - mean) reciprocal, h = g gamma, and means over the group: dx = reciprocal (h - mean(h) - z mean(h z));
    /// dbeta = sum g and dgamma = sum g z over images and positions.
    /// </summary>
    /// <param name="g">The gradient with respect to the output, [images, positions, channels].</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="gamma">The factors, as in the forward pass.</param>
    /// <param name="mean">The means of the forward pass.</param>
    /// <param name="reciprocal">The reciprocal deviations of the forward pass.</param>
    /// <param name="dGamma">Receives the gradient of gamma.</param>
    /// <param name="dBeta">Receives the gradient of beta.</param>
    /// <param name="dx">Receives the gradient of x, unless it is null; may be <paramref name="g"/>.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void Backward(
        Storage g, Storage x, GroupNormShape shape, Storage? gamma, Storage mean, Storage reciprocal, Storage dGamma, Storage dBeta,
        Storage? dx)
    {
        const string Operation = "GroupNormalization.Backward";
        shape.Check(Operation);
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, shape.Count), (nameof(g), g, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(mean), mean, ChannelStatistics.MeanLength(mean, shape.Statistics)), (nameof(reciprocal), reciprocal, shape.Statistics),
            (nameof(dGamma), dGamma, shape.Channels), (nameof(dBeta), dBeta, shape.Channels), (nameof(dx), dx, shape.Count));
        if (x.Length == 0)
        {
            Move.Fill(dGamma, 0);
            Move.Fill(dBeta, 0);
        }
        else
        {
            LaneDispatch.Run(
                device, x.DType, new HostGroupNormalization.Backward<FoldedNothing>(
                    g, x, shape, gamma, mean, reciprocal, dGamma, dBeta, dx),
                new GpuGroupNormalization.Backward<FoldedNothing>(g, x, shape, gamma, null, null, mean, reciprocal, dGamma, dBeta, dx));
        }
    }

    /// <summary>
    /// y = silu((x + shift - mean) / sqrt(variance + epsilon) gamma + beta), with the mean and the population variance of each group of
    /// each image of x + shift.
    /// </summary>
    /// <param name="x">The input, [images, positions, channels].</param>
    /// <param name="shape">The extents.</param>
    /// <param name="gamma">A factor for each channel; null for 1.</param>
    /// <param name="beta">What is added to each channel; null for 0.</param>
    /// <param name="shift">What is added to each channel of each image before, [images, channels]; null for 0.</param>
    /// <param name="epsilon">What is added to the variance; positive.</param>
    /// <param name="mean">Receives the means, [images, groups]; with twice as many elements, behind them what they were rounded by, so that
    /// the derivative is accurate for values far from 0.</param>
    /// <param name="reciprocal">Receives 1 / sqrt(variance + epsilon), [images, groups].</param>
    /// <param name="distances">Receives the sums of x + shift - mean over the positions, [images, channels], unless it is null: what the
    /// gradient of the shift needs.</param>
    /// <param name="y">The output, of the input's shape.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void ForwardSilu(
        Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, Storage? shift, double epsilon, Storage mean, Storage reciprocal,
        Storage? distances, Storage y)
    {
        const string Operation = "GroupNormalization.ForwardSilu";
        shape.Check(Operation);
        int shifts = shape.Images * shape.Channels;
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, shape.Count), (nameof(y), y, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(beta), beta, shape.Channels), (nameof(shift), shift, shifts),
            (nameof(mean), mean, ChannelStatistics.MeanLength(mean, shape.Statistics)),
            (nameof(reciprocal), reciprocal, shape.Statistics), (nameof(distances), distances, shifts));
        ChannelStatistics.CheckEpsilon(Operation, epsilon);
        if (x.Length == 0) return;
        LaneDispatch.Run(
            device, x.DType, new HostGroupNormalization.Forward<FoldedSilu>(
                x, shape, gamma, beta, epsilon, mean, reciprocal, y, shift, distances),
            new GpuGroupNormalization.Forward<FoldedSilu>(x, shape, gamma, beta, shift, epsilon, mean, reciprocal, y));
    }

    /// <summary>
    /// The derivative of <see cref="ForwardSilu"/>: as that of the normalisation, with g taken back through SiLU; dshift is the sum of dx
    /// over the positions.
    /// </summary>
    /// <param name="g">The gradient with respect to the output, [images, positions, channels].</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="gamma">The factors, as in the forward pass.</param>
    /// <param name="beta">What was added to each channel, as in the forward pass.</param>
    /// <param name="shift">What was added before, as in the forward pass.</param>
    /// <param name="mean">The means of the forward pass.</param>
    /// <param name="reciprocal">The reciprocal deviations of the forward pass.</param>
    /// <param name="distances">The sums of the forward pass; needed for <paramref name="dShift"/> alone.</param>
    /// <param name="dGamma">Receives the gradient of gamma.</param>
    /// <param name="dBeta">Receives the gradient of beta.</param>
    /// <param name="dShift">Receives the gradient of the shift, [images, channels], unless it is null.</param>
    /// <param name="dx">Receives the gradient of x, unless it is null.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match, or the sums are missing.</exception>
    public static void BackwardSilu(
        Storage g, Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, Storage? shift, Storage mean, Storage reciprocal,
        Storage? distances, Storage dGamma, Storage dBeta, Storage? dShift, Storage? dx)
    {
        const string Operation = "GroupNormalization.BackwardSilu";
        shape.Check(Operation);
        int shifts = shape.Images * shape.Channels;
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, shape.Count), (nameof(g), g, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(beta), beta, shape.Channels), (nameof(shift), shift, shifts),
            (nameof(mean), mean, ChannelStatistics.MeanLength(mean, shape.Statistics)),
            (nameof(reciprocal), reciprocal, shape.Statistics), (nameof(distances), distances, shifts),
            (nameof(dGamma), dGamma, shape.Channels), (nameof(dBeta), dBeta, shape.Channels), (nameof(dShift), dShift, shifts),
            (nameof(dx), dx, shape.Count));
        if (dShift is not null && distances is null) throw new ArgumentException(
            $"{Operation}: dShift needs the distances of the forward pass, found none.");
        if (x.Length == 0)
        {
            Move.Fill(dGamma, 0);
            Move.Fill(dBeta, 0);
            if (dShift is not null) Move.Fill(dShift, 0);
            return;
        }

        if (device is CpuDevice cpu)
        {
            LaneDispatch.OnHost(cpu, x.DType,
                new HostGroupNormalization.Backward<FoldedSilu>(
                    g, x, shape, gamma, mean, reciprocal, dGamma, dBeta, dx, beta, shift, distances, dShift));
            return;
        }

        if (device.IsMeasuring) return;

        // Elsewhere the gradient of the shift is what dx adds up to, wanted or not.
        Storage? result = dx ?? (dShift is null ? null : device.Allocate(x.DType, x.Length));
        LaneDispatch.OnGpu((GpuDevice)device, x.DType,
            new GpuGroupNormalization.Backward<FoldedSilu>(g, x, shape, gamma, beta, shift, mean, reciprocal, dGamma, dBeta, result));
        if (dShift is not null) Reduce.Sum(result!, [shape.Images, shape.Positions, shape.Channels], [1], dShift);
        if (dx is null) result?.Release();
    }
}

/// <summary>The extents of a group normalisation of images [N, H, W, C].</summary>
/// <param name="Images">N.</param>
/// <param name="Positions">H W: the places of an image.</param>
/// <param name="Channels">C, a multiple of <paramref name="Groups"/>.</param>
/// <param name="Groups">The groups of neighbouring channels that are normalised together.</param>
public readonly record struct GroupNormShape(int Images, int Positions, int Channels, int Groups)
{
    /// <summary>The channels of a group.</summary>
    public int GroupChannels => Channels / Groups;

    /// <summary>The elements that a mean is taken of.</summary>
    internal int Terms => Positions * GroupChannels;

    /// <summary>The means there are: one for each group of each image.</summary>
    internal int Statistics => Images * Groups;

    internal int Count => Images * Positions * Channels;

    /// <summary>Throws unless the extents fit together.</summary>
    internal void Check(string operation)
    {
        if (Images < 0 || Positions < 0 || Channels < 0 || Groups < 1 || Channels % Groups != 0
            || (long)Images * Positions * Channels > int.MaxValue)
            throw new ArgumentException(
                $"{operation}: expected groups of as many channels each, found {Groups} groups of {Channels} channels at {Positions} "
                + $"positions of {Images} images.");
    }
}
