using Engine.Kernels;
using Engine.Kernels.Elementwise;

namespace Engine.Autograd.Optim;

/// <summary>Keeps gradients from growing too large (Pascanu et al. 2013, arXiv:1211.5063).</summary>
public static class GradientClipping
{
    /// <summary>
    /// Scales gradients, all by one factor and in place, so that the norm of all of them taken as one vector is at most <paramref name="most"/>.
    /// A norm that is not finite leaves them as they are: no factor would help.
    /// </summary>
    /// <param name="gradients">The gradients.</param>
    /// <param name="most">The largest norm, positive.</param>
    /// <returns>The norm before, computed in float64; the same with any number of threads.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="most"/> is not positive.</exception>
    /// <exception cref="ObjectDisposedException">A gradient was given back.</exception>
    public static double ByNorm(IReadOnlyList<Tensor> gradients, double most)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        if (!(most > 0)) throw new ArgumentOutOfRangeException(nameof(most), most, "The largest norm must be positive.");
        Storage[] storages = [.. gradients.Select(gradient => gradient.Storage)];
        double norm = Math.Sqrt(SumOfSquares.Run(storages));
        if (!double.IsFinite(norm) || norm <= most) return norm;

        // Where two parameters have one gradient, as the terms of a sum do, its memory is scaled once.
        foreach (Storage storage in storages.Distinct())
        {
            Map.Unary(storage, storage, new Affine(most / norm, 0));
            storage.Version++;
        }

        return norm;
    }
}
