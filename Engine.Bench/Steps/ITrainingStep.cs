namespace Engine.Bench.Steps;

/// <summary>A model with its optimiser and data, ready to be trained.</summary>
internal interface ITrainingStep : IDisposable
{
    /// <summary>Trains on one batch.</summary>
    /// <returns>The losses.</returns>
    double[] Step();
}
