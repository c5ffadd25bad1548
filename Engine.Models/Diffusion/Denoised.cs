using Engine.Autograd;

namespace Engine.Models.Diffusion;

/// <summary>What a model makes of noisy images.</summary>
/// <param name="Clean">The clean images that it sees in them: its mean of x_0 given x_t.</param>
/// <param name="Share">
/// With a learned variance: where its logarithm lies between the posterior's (-1) and that of beta (1), for each pixel. Else null.
/// </param>
public readonly record struct Denoised(Tensor Clean, Tensor? Share);
