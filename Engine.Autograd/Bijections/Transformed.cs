namespace Engine.Autograd.Bijections;

/// <summary>What an invertible function made of a batch.</summary>
/// <param name="Value">The result: [batch, ...].</param>
/// <param name="LogDeterminant">log |det J| of each example, J being the Jacobian of the function where it was applied: [batch].</param>
public readonly record struct Transformed(Tensor Value, Tensor LogDeterminant);
