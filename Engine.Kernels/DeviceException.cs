namespace Engine.Kernels;

/// <summary>A device that does not exist, does not open, or does not do what was asked of it.</summary>
/// <param name="message">What was asked for, what was found, and what can be done.</param>
/// <param name="inner">The failure underneath, where there is one.</param>
public sealed class DeviceException(string message, Exception? inner = null) : Exception(message, inner);
