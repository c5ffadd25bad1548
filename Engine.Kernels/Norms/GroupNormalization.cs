using Engine.Kernels.Devices;
using Engine.Kernels.Movement;

namespace Engine.Kernels.Norms;

/// <summary>
/// Group normalisation (Wu and He 2018, arXiv:1803.08494) of images [N, H, W, C], of float or double: in each image each group of
/// neighbouring channels is brought to mean 0 and variance 1 over all positions, then each channel is scaled and shifted. The number of
/// threads never changes a bit.
/// </summary>
public static partial class GroupNormalization
{
    /// <summary>
    /// y = (x - mean) / sqrt(variance + epsilon) gamma + beta, with the mean and the population variance of each group of each image.
    /// </summary>
    /// <param name="x">The input, [images, positions, channels].</param>
    /// <param name="shape">The extents.</param>
    /// <param name="gamma">A factor for each channel; null for 1.</param>
    /// <param name="beta">What is added to each channel; null for 0.</param>
    /// <param name="epsilon">What is added to the variance; positive.</param>
    /// <param name="mean">Receives the means, [images, groups].</param>
    /// <param name="reciprocal">Receives 1 / sqrt(variance + epsilon), [images, groups].</param>
    /// <param name="y">The output, of the input's shape; may be the input.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void Forward(
        Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, double epsilon, Storage mean, Storage reciprocal, Storage y)
    {
        const string Operation = "GroupNormalization.Forward";
        shape.Check(Operation);
        Device device = NormArguments.Check(
            Operation, x, shape.Count, (nameof(y), y, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(beta), beta, shape.Channels),
            (nameof(mean), mean, shape.Statistics), (nameof(reciprocal), reciprocal, shape.Statistics));
        NormArguments.CheckEpsilon(Operation, epsilon);
        if (x.Length == 0) return;
        if (device is CpuDevice cpu) ForwardOnHost<FoldedNothing>(cpu, x, shape, gamma, beta, epsilon, mean, reciprocal, y);
        else ForwardOnIlgpu((GpuDevice)device, default(FoldedNothing), x, shape, gamma, beta, null, epsilon, mean, reciprocal, y);
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
        Device device = NormArguments.Check(
            Operation, x, shape.Count, (nameof(g), g, shape.Count), (nameof(gamma), gamma, shape.Channels),
            (nameof(mean), mean, shape.Statistics),
            (nameof(reciprocal), reciprocal, shape.Statistics), (nameof(dGamma), dGamma, shape.Channels),
            (nameof(dBeta), dBeta, shape.Channels), (nameof(dx), dx, shape.Count));
        if (x.Length == 0)
        {
            Move.Fill(dGamma, 0);
            Move.Fill(dBeta, 0);
        }
        else if (device is CpuDevice cpu)
        {
            BackwardOnHost<FoldedNothing>(cpu, g, x, shape, gamma, mean, reciprocal, dGamma, dBeta, dx);
        }
        else
        {
            BackwardOnIlgpu((GpuDevice)device, default(FoldedNothing), g, x, shape, gamma, null, null, mean, reciprocal, dGamma,
                dBeta, dx);
        }
    }
}
