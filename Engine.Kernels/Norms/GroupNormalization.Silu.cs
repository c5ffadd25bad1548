using Engine.Kernels.Devices;
using Engine.Kernels.Movement;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Norms;

// The normalisation as the residual blocks of diffusion models have it: a number for each channel of each image is added before, and SiLU
// applied behind, in the same walks over memory.
public static partial class GroupNormalization
{
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
    /// <param name="mean">Receives the means, [images, groups].</param>
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
        Device device = NormArguments.Check(
            Operation, x, shape.Count, (nameof(y), y, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(beta), beta, shape.Channels),
            (nameof(shift), shift, shifts), (nameof(mean), mean, shape.Statistics), (nameof(reciprocal), reciprocal, shape.Statistics),
            (nameof(distances), distances, shifts));
        NormArguments.CheckEpsilon(Operation, epsilon);
        if (x.Length == 0) return;
        if (device is CpuDevice cpu)
        {
            ForwardOnHost<FoldedSilu>(cpu, x, shape, gamma, beta, epsilon, mean, reciprocal, y, shift, distances);
            return;
        }

        ForwardOnIlgpu((GpuDevice)device, default(FoldedSilu), x, shape, gamma, beta, shift, epsilon, mean, reciprocal, y);
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
        Storage? distances,
        Storage dGamma, Storage dBeta, Storage? dShift, Storage? dx)
    {
        const string Operation = "GroupNormalization.BackwardSilu";
        shape.Check(Operation);
        int shifts = shape.Images * shape.Channels;
        Device device = NormArguments.Check(
            Operation, x, shape.Count, (nameof(g), g, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(beta), beta, shape.Channels),
            (nameof(shift), shift, shifts), (nameof(mean), mean, shape.Statistics), (nameof(reciprocal), reciprocal, shape.Statistics),
            (nameof(distances), distances, shifts),
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
            BackwardOnHost<FoldedSilu>(cpu, g, x, shape, gamma, mean, reciprocal, dGamma, dBeta, dx, beta, shift, distances, dShift);
            return;
        }

        // Elsewhere the gradient of the shift is what dx adds up to, wanted or not.
        Storage? result = dx ?? (dShift is null ? null : device.Allocate(x.DType, x.Length));
        BackwardOnIlgpu((GpuDevice)device, default(FoldedSilu), g, x, shape, gamma, beta, shift, mean, reciprocal, dGamma, dBeta, result);
        if (dShift is not null) Reduce.Sum(result!, [shape.Images, shape.Positions, shape.Channels], [1], dShift);
        if (dx is null) result?.Release();
    }
}
