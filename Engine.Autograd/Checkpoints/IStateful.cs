namespace Engine.Autograd.Checkpoints;

/// <summary>
/// What a checkpoint has to keep so that training goes on as if it had never stopped: modules, optimisers, models. One description serves
/// both directions: writing reads what it is shown, reading sets it.
/// </summary>
/// <example>
/// <code>
/// public void VisitState(StateVisitor visitor)
/// {
///     visitor.Part("network", _network);
///     visitor.Part("optimizer", _optimizer);
///     _best = visitor.Number("best", _best);
/// }
/// </code>
/// </example>
public interface IStateful
{
    /// <summary>Shows the state, always under the same names and in the same order.</summary>
    /// <param name="visitor">What reads it or sets it.</param>
    void VisitState(StateVisitor visitor);
}
