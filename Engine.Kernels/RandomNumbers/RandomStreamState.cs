namespace Engine.Kernels.RandomNumbers;

/// <summary>What a checkpoint keeps of a <see cref="RandomStream"/>.</summary>
/// <param name="Key">The key of its numbers.</param>
/// <param name="Position">The index of the next number.</param>
public readonly record struct RandomStreamState(ulong Key, long Position);
