using Engine.Autograd;
using Engine.Autograd.Losses;

namespace Engine.Models.Variational;

/// <summary>A loss to differentiate, and its parts: nats for each image, averaged over the batch.</summary>
/// <param name="Loss">What is minimised: a scalar on the tape.</param>
/// <param name="Reconstruction">-log p(x|z), or the squared error. Averaged over the samples of z.</param>
/// <param name="Divergence">
/// The divergence of q(z|x) from the prior: in closed form for one sample, else the mean of log q(z|x) - log p(z) over the samples.
/// </param>
public readonly record struct VaeLosses(Tensor Loss, Tensor Reconstruction, Tensor Divergence);
