namespace Engine.Bench.Peers;

/// <summary>A peer does not start, or does not answer.</summary>
internal sealed class PeerException(string message) : Exception(message);
