using Engine.Autograd;

namespace Engine.Models.Training;

/// <summary>A loss that was reported and may still be on its device.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="Epoch">The epoch that it is of, from 1.</param>
/// <param name="Step">The step of the epoch, from 0.</param>
internal readonly record struct ReportedLoss(string Name, Reading Value, int Epoch, int Step);
