using Engine.Autograd;

namespace Engine.Models.Adversarial;

/// <summary>The losses of a training step of a GAN, in nats.</summary>
/// <param name="Discriminator">On real samples plus on generated ones; 2 log 2 when it cannot tell them apart.</param>
/// <param name="Generator">How far the discriminator is from taking generated samples for real ones; log 2 when it cannot tell.</param>
public readonly record struct GanLosses(Reading Discriminator, Reading Generator);
