namespace Engine.Bench.Machine;

/// <summary>A measured rate: operations or bytes a second.</summary>
/// <param name="Best">The best repeat: what the machine can do, the ceiling that shares are taken of.</param>
/// <param name="Median">The median repeat: how quiet the machine was.</param>
internal readonly record struct Rate(double Best, double Median);
