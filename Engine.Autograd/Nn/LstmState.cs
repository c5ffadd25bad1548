namespace Engine.Autograd.Nn;

/// <summary>The state of a long short-term memory between two steps.</summary>
/// <param name="Hidden">h of each layer, [layers, batch, hidden].</param>
/// <param name="Cell">c of each layer, likewise.</param>
public readonly record struct LstmState(Tensor Hidden, Tensor Cell);
