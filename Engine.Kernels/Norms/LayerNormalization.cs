using Engine.Kernels.Movement;
using Engine.Kernels.Norms.Gpu;
using Engine.Kernels.Norms.Host;

namespace Engine.Kernels.Norms;

/// <summary>
/// Layer normalisation (Ba et al. 2016, arXiv:1607.06450) of [rows, columns], of float or double: each row is brought to mean 0 and
/// variance 1, then each column is scaled and shifted. The number of threads never changes a bit. Rows of any finite values are right: the
/// variance is taken around the mean before its rounding, and values whose squares overflow are scaled by a power of two.
/// </summary>
public static class LayerNormalization
{
    /// <summary>y = (x - mean) / sqrt(variance + epsilon) gamma + beta, with the mean and the population variance of each row.</summary>
    /// <param name="x">The input, <paramref name="rows"/> x <paramref name="columns"/>.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns: what is normalised over.</param>
    /// <param name="gamma">A factor for each column; null for 1.</param>
    /// <param name="beta">What is added to each column; null for 0.</param>
    /// <param name="epsilon">What is added to the variance; positive.</param>
    /// <param name="mean">Receives the mean of each row; with twice as many elements, behind them what they were rounded by, so that the
    /// derivative is accurate for rows far from 0.</param>
    /// <param name="reciprocal">Receives 1 / sqrt(variance + epsilon) of each row.</param>
    /// <param name="y">The output, of the input's shape; may be the input.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Forward(
        Storage x, int rows, int columns, Storage? gamma, Storage? beta, double epsilon, Storage mean, Storage reciprocal, Storage y)
    {
        const string Operation = "LayerNormalization.Forward";
        long count = (long)rows * columns;
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, count), (nameof(y), y, count), (nameof(gamma), gamma, columns), (nameof(beta), beta, columns),
            (nameof(mean), mean, ChannelStatistics.MeanLength(mean, rows)), (nameof(reciprocal), reciprocal, rows));
        ChannelStatistics.CheckEpsilon(Operation, epsilon);
        if (x.Length == 0) return;
        LaneDispatch.Run(
            device, x.DType, new HostLayerNormalization.Forward(x, rows, columns, gamma, beta, epsilon, mean, reciprocal, y),
            new GpuGroupNormalization.Forward<FoldedNothing>(x, new(rows, 1, columns, 1), gamma, beta, null, epsilon, mean, reciprocal, y));
    }

    /// <summary>
    /// The derivative, in one walk over memory. With z = (x - mean) reciprocal, h = g gamma, and means over the row:
    /// dx = reciprocal (h - mean(h) - z mean(h z)); dbeta = sum g and dgamma = sum g z over the rows.
    /// </summary>
    /// <param name="g">The gradient with respect to the output, <paramref name="rows"/> x <paramref name="columns"/>.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="gamma">The factors, as in the forward pass.</param>
    /// <param name="mean">The means of the forward pass.</param>
    /// <param name="reciprocal">The reciprocal deviations of the forward pass.</param>
    /// <param name="dGamma">Receives the gradient of gamma.</param>
    /// <param name="dBeta">Receives the gradient of beta.</param>
    /// <param name="dx">Receives the gradient of x, unless it is null; may be <paramref name="g"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Backward(
        Storage g, Storage x, int rows, int columns, Storage? gamma, Storage mean, Storage reciprocal, Storage dGamma, Storage dBeta,
        Storage? dx)
    {
        const string Operation = "LayerNormalization.Backward";
        long count = (long)rows * columns;
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, count), (nameof(g), g, count), (nameof(gamma), gamma, columns),
            (nameof(mean), mean, ChannelStatistics.MeanLength(mean, rows)), (nameof(reciprocal), reciprocal, rows),
            (nameof(dGamma), dGamma, columns), (nameof(dBeta), dBeta, columns),
            (nameof(dx), dx, count));
        if (x.Length == 0)
        {
            Move.Fill(dGamma, 0);
            Move.Fill(dBeta, 0);
        }
        else
        {
            LaneDispatch.Run(
                device, x.DType, new HostLayerNormalization.Backward(g, x, rows, columns, gamma, mean, reciprocal, dGamma, dBeta, dx),
                new GpuGroupNormalization.Backward<FoldedNothing>(
                    g, x, new(rows, 1, columns, 1), gamma, null, null, mean, reciprocal, dGamma, dBeta, dx));
        }
    }
}
