namespace Engine.Kernels.Recurrent;

/// <summary>
/// The extents of a recurrent layer over sequences: what a step adds up is [Batch, Steps, Positions, gates * Hidden], of which a step takes
/// [Batch, Positions, gates * Hidden].
/// </summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Steps">Steps of a sequence.</param>
/// <param name="Positions">Cells side by side in a step: 1 for sequences of vectors, the columns of an image whose rows are the
/// steps.</param>
/// <param name="Hidden">Elements of a cell's state.</param>
public readonly record struct RecurrentShape(int Batch, int Steps, int Positions, int Hidden)
{
    /// <summary>Cells of one step, over the whole batch.</summary>
    public int Cells => Batch * Positions;

    /// <summary>The elements of the states of one step.</summary>
    public long StepLength => (long)Cells * Hidden;

    /// <summary>The elements of the states of all steps.</summary>
    public long Length => StepLength * Steps;

    /// <summary>A cell of a step, counted over all steps.</summary>
    internal int Place(int cell, int step) => ((((cell / Positions) * Steps) + step) * Positions) + (cell % Positions);

    /// <summary>Checks the extents and a step.</summary>
    /// <exception cref="ArgumentException">An extent is negative, or there is no such step.</exception>
    internal void Check(string operation, int step)
    {
        if (Batch < 0 || Steps < 0 || Positions < 0 || Hidden < 0) throw new ArgumentException(
            $"{operation}: extents must not be negative, found {this}.");
        if ((uint)step >= (uint)Steps) throw new ArgumentException($"{operation}: there is no step {step} of {Steps}.");
    }
}
