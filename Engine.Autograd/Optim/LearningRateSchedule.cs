namespace Engine.Autograd.Optim;

/// <summary>The learning rate at a step (or, by the caller's choice, an epoch), counted from 0: a function of the number alone.</summary>
/// <param name="step">The number of steps made before.</param>
public delegate double LearningRateSchedule(long step);
