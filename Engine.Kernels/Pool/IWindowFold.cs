using Engine.Kernels.Lanes;

namespace Engine.Kernels.Pool;

/// <summary>
/// What is made of the elements of a window, taken row by row. Beside the value goes a position: the number of a place in the window, held
/// as a number of the same type, so that vectors of channels choose without leaving their lanes.
/// </summary>
internal interface IWindowFold
{
    /// <summary>Whether each window comes with a position.</summary>
    static abstract bool ReadsPositions { get; }

    /// <summary>The value before the first element.</summary>
    V Start<V>() where V : unmanaged, ILane<V>;

    /// <summary>Takes one element in.</summary>
    /// <param name="value">The value so far.</param>
    /// <param name="position">The position so far.</param>
    /// <param name="x">The element.</param>
    /// <param name="place">Its place in the window.</param>
    void Next<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V>;

    /// <summary>The result.</summary>
    V Finish<V>(V value, V divisor) where V : unmanaged, ILane<V>;
}

/// <summary>What a window gives back to each of its places: the transpose of a fold that is linear.</summary>
internal interface IWindowSpread
{
    /// <summary>Whether each window comes with a position.</summary>
    static abstract bool ReadsPositions { get; }

    /// <summary>What a place gets from a window.</summary>
    /// <param name="g">The window's element.</param>
    /// <param name="position">Its position.</param>
    /// <param name="place">The place in the window.</param>
    /// <param name="divisor">The window's divisor.</param>
    V Term<V>(V g, V position, V place, V divisor) where V : unmanaged, ILane<V>;
}
