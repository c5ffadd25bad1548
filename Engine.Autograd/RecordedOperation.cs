namespace Engine.Autograd;

/// <summary>An operation on a tape: a node of the graph that gradients are taken through.</summary>
/// <param name="Name">Its name, such as <c>Multiply</c>.</param>
/// <param name="Output">What it computed.</param>
/// <param name="Inputs">What it computed that from, constants included where they are tensors: one for each rule, in their order.</param>
public sealed record RecordedOperation(string Name, Tensor Output, IReadOnlyList<Tensor> Inputs);
