namespace Engine.Kernels.Devices;

/// <summary>What a <see cref="FailurePlan"/> throws in place of a driver's exception.</summary>
/// <param name="code">The driver's name of the failure.</param>
/// <param name="message">Its description.</param>
internal sealed class PlannedFailureException(string code, string message) : Exception(message)
{
    internal string Code { get; } = code;
}
