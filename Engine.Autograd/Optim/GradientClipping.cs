using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;
using Engine.Kernels.Optimizers;

namespace Engine.Autograd.Optim;

/// <summary>Keeps gradients from growing too large (Pascanu et al. 2013, arXiv:1211.5063).</summary>
public static class GradientClipping
{
    /// <summary>
    /// Scales gradients, all by one factor and in place, so that the norm of all of them taken as one vector is at most
    /// <paramref name="most"/>. A norm that is not finite leaves them as they are: no factor would help.
    /// </summary>
    /// <param name="gradients">The gradients.</param>
    /// <param name="most">The largest norm, positive.</param>
    /// <returns>The norm before, computed in float64; the same with any number of threads. On a device it stays there until it is
    /// read.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="most"/> is not positive.</exception>
    /// <exception cref="ObjectDisposedException">A gradient was released.</exception>
    public static Reading ByNorm(IReadOnlyList<Tensor> gradients, double most)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        if (!(most > 0)) throw new ArgumentOutOfRangeException(nameof(most), most, "The largest norm must be positive.");
        Storage[] storages = [.. gradients.Select(gradient => gradient.Storage)];

        // Where two parameters have one gradient, as the terms of a sum do, its memory is scaled once.
        Storage[] distinct = [.. storages.Distinct()];
        if (storages.Length > 0 && storages.All(
            storage => storage.Device is not CpuDevice && storage.Device == storages[0].Device)) return OnDevice(storages, distinct, most);
        double norm = Math.Sqrt(SumOfSquares.Run(storages));
        if (!double.IsFinite(norm) || norm <= most) return norm;
        foreach (Storage storage in distinct)
        {
            Map.Unary(storage, storage, new Affine(most / norm, 0));
            storage.Version++;
        }

        return norm;
    }

    /// <summary>The norm of gradients, all of them taken as one vector; they stay as they are.</summary>
    /// <param name="gradients">The gradients.</param>
    /// <returns>The norm, computed in float64; the same with any number of threads. On a device it stays there until it is read.</returns>
    /// <exception cref="ObjectDisposedException">A gradient was released.</exception>
    public static Reading Norm(IReadOnlyList<Tensor> gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        Storage[] storages = [.. gradients.Select(gradient => gradient.Storage)];
        if (storages.Length == 0 || storages.Any(storage => storage.Device is CpuDevice || storage.Device != storages[0].Device))
            return Math.Sqrt(SumOfSquares.Run(storages));
        Storage sum = storages[0].Device.Allocate(DType.Float64, 1);
        try
        {
            SumOfSquares.Run(storages, sum);
            Map.Unary(sum, sum, new Sqrt());
            return Reading.Of(sum);
        }
        finally
        {
            sum.Release();
        }
    }

    // The host does not learn the norm before it is asked for, so every gradient is multiplied, mostly with 1.
    private static Reading OnDevice(Storage[] storages, Storage[] distinct, double most)
    {
        Device device = storages[0].Device;
        Storage sum = device.Allocate(DType.Float64, 1), factor = device.Allocate(DType.Float64, 1),
            single = device.Allocate(DType.Float32, 1);
        try
        {
            SumOfSquares.Run(storages, sum);
            Map.Unary(sum, factor, new ClipFactor(most));
            Move.Convert(factor, single);
            Shape one = new(1);
            foreach (Storage storage in distinct)
            {
                Shape shape = new(storage.Length);
                Map.Binary(storage, shape, storage.DType == DType.Float64 ? factor : single, one, storage, shape, new Multiply());
                storage.Version++;
            }

            Map.Unary(sum, sum, new Sqrt());
            return Reading.Of(sum);
        }
        finally
        {
            sum.Release();
            factor.Release();
            single.Release();
        }
    }
}
