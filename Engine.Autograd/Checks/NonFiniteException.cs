namespace Engine.Autograd.Checks;

/// <summary>
/// A loss or a gradient is NaN or infinite, found by a <see cref="FiniteGuard"/> before an optimiser could take it into the parameters. The
/// message is one that can be shown to the user as it stands.
/// </summary>
/// <param name="message">What is not finite, where and when, and which operation it came out of.</param>
/// <param name="operation">The operation; null when the value came from outside.</param>
/// <param name="layer">The layer that the operation belongs to or stands behind; null when there is none.</param>
public sealed class NonFiniteException(string message, string? operation = null, string? layer = null) : ArithmeticException(message)
{
    /// <summary>
    /// The operation whose result, or whose gradient, is the first that is not finite; null when the value came from outside.
    /// </summary>
    public string? Operation { get; } = operation;

    /// <summary>
    /// The full name of the layer that the operation belongs to, or else of the one whose output it was computed from; null when there is
    /// none.
    /// </summary>
    public string? Layer { get; } = layer;
}
