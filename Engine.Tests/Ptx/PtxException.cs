namespace Engine.Tests.Ptx;

/// <summary>PTX that cannot be read, or does what a card would not allow.</summary>
internal sealed class PtxException(string message) : Exception(message);
