using Engine.Autograd.Checkpoints;

namespace Engine.Models.Training;

/// <summary>Several things that are trained together, each under its name.</summary>
internal sealed class TrainedParts((string Name, IStateful Part)[] parts) : IStateful
{
    public void VisitState(StateVisitor visitor)
    {
        foreach ((string name, IStateful part) in parts) visitor.Part(name, part);
    }
}
