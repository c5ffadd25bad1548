namespace Engine.Autograd.Nn;

/// <summary>
/// A module of two inputs, of which the second is a condition: an image and its class, noise and the class of what is to be generated, an
/// image and a time. A chain of modules (<see cref="Sequential"/>) has no condition to pass on, so a conditional module computes only with
/// both.
/// </summary>
public abstract class ConditionalModule : Module
{
    /// <summary>Computes the module's output.</summary>
    /// <param name="x">The input.</param>
    /// <param name="condition">The condition, with as many samples as the input; what it holds is the module's to say.</param>
    public abstract Tensor Forward(Tensor x, Tensor condition);

    /// <summary>Refuses an input without its condition.</summary>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public sealed override Tensor Forward(Tensor x) => throw new InvalidOperationException(
        $"{GetType().Name}: expected an input and a condition, found the input alone. Call Forward(x, condition).");
}
