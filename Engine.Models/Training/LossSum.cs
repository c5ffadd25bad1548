namespace Engine.Models.Training;

/// <summary>A loss since the last printed line, so that a resumed line has the same mean to the bit.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sum">The sum of its values.</param>
/// <param name="Count">How many they are.</param>
internal readonly record struct LossSum(string Name, double Sum, int Count);
