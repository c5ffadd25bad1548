namespace Engine.Autograd.Rules;

/// <summary>
/// The derivative rule of an operation for one of its inputs: the vector-Jacobian product. Written in tensor operations, it can be
/// differentiated itself, so that gradients of gradients need no rule of their own. Rules must not share what they compute: each one's
/// intermediate results are given back, and its result may be added to in place, as soon as it has run.
/// </summary>
/// <param name="Input">The input.</param>
/// <param name="Gradient">From the gradient of the output to the gradient of the input, of the input's shape.</param>
/// <param name="Accumulate">
/// Optional: adds the gradient of the input into an existing sum (second argument) in place, saving a pass over memory for an operation
/// that can. Used only where no graph of the gradient is recorded.
/// </param>
public readonly record struct Rule(Tensor Input, Func<Tensor, Tensor> Gradient, Action<Tensor, Tensor>? Accumulate = null);
