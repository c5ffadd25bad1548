namespace Engine.Models.Files;

/// <summary>
/// A model made again from a file of weights, to draw from: an <see cref="ImageModel"/>, a <see cref="TextModel"/>, a
/// <see cref="LineModel"/> or a <see cref="VectorModel"/>.
/// </summary>
/// <param name="description">What the file says of it.</param>
/// <param name="networks">What is released with it.</param>
public abstract class TrainedModel(ModelDescription description, params IReadOnlyList<IDisposable> networks) : IDisposable
{
    /// <summary>What the file says of it.</summary>
    public ModelDescription Description { get; } = description;

    /// <summary>Releases the networks.</summary>
    public void Dispose()
    {
        foreach (IDisposable network in networks) network.Dispose();
        GC.SuppressFinalize(this);
    }
}
