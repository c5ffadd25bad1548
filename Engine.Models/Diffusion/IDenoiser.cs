using Engine.Autograd;
using Engine.Kernels;

namespace Engine.Models.Diffusion;

/// <summary>
/// What looks at noisy images and says what is noise in them: a network, or for data of a known distribution the optimum itself.
/// </summary>
public interface IDenoiser
{
    /// <summary>Where it computes.</summary>
    Device Device { get; }

    /// <summary>The type of its numbers.</summary>
    DType DType { get; }

    /// <summary>The classes that it can be told; 0 for one that is not told any.</summary>
    int Classes { get; }

    /// <summary>Its prediction.</summary>
    /// <param name="noisy">x_t: [samples, ..., channels].</param>
    /// <param name="steps">t of each sample.</param>
    /// <param name="labels">The class of each sample, -1 for none; empty for none at all.</param>
    /// <returns>[samples, ..., channels]; for a learned variance [samples, ..., 2 channels], the second half of which says where the
    /// variance lies.</returns>
    Tensor Predict(Tensor noisy, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels);
}
