namespace Engine.Models.Data;

/// <summary>
/// A place in training, to save and to go on from: the next batch is number <paramref name="Batch"/> of epoch <paramref name="Epoch"/>.
/// </summary>
/// <param name="Epoch">Epochs count from 0.</param>
/// <param name="Batch">Batches of an epoch count from 0.</param>
public readonly record struct LoaderPosition(int Epoch, int Batch);
