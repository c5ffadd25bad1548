namespace Engine.Kernels.Recurrent;

/// <summary>The extents of a step as GPU kernels take them: where the state of a thread stands.</summary>
internal readonly struct CellWalk(RecurrentShape shape, int step)
{
    private readonly int _steps = shape.Steps, _positions = shape.Positions, _step = step;

    internal readonly int Hidden = shape.Hidden;

    /// <summary>The cell of a state of this step, counted over all steps.</summary>
    internal int Place(int state)
    {
        int cell = state / Hidden;
        return ((((cell / _positions) * _steps) + _step) * _positions) + (cell % _positions);
    }
}
