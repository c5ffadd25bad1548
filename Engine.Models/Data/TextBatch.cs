namespace Engine.Models.Data;

/// <summary>Pieces of a text, and for each of their characters the one that follows.</summary>
/// <param name="Inputs">Characters, <paramref name="Count"/> x <paramref name="Length"/>.</param>
/// <param name="Targets">What follows each, as many.</param>
/// <param name="Count">The pieces.</param>
/// <param name="Length">The characters of a piece.</param>
public readonly record struct TextBatch(int[] Inputs, int[] Targets, int Count, int Length);
