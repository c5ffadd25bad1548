using Engine.Autograd;
using Engine.Autograd.Losses;

namespace Engine.Models.Diffusion;

/// <summary>What a step of training a diffusion model minimises, and its parts.</summary>
/// <param name="Loss">What is minimised: a scalar.</param>
/// <param name="Simple">The mean squared error of the prediction (Ho et al. 2020, equation 14).</param>
/// <param name="Bound">
/// With a learned variance: a sample of the variational bound without its prior term, in bits for each number of an image; only the
/// variance gets a gradient from it. Else null.
/// </param>
public readonly record struct DiffusionLosses(Tensor Loss, Tensor Simple, Tensor? Bound);
