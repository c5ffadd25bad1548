using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Training;

/// <summary>Where the random streams of a training were at a moment; nothing else of its state is read.</summary>
internal sealed class RandomPositions : StateVisitor
{
    private readonly List<(RandomStream Random, RandomStreamState State)> _streams = [];

    private RandomPositions()
    {
    }

    /// <summary>The positions now.</summary>
    /// <param name="visit">Shows the state of the training.</param>
    public static RandomPositions Of(Action<StateVisitor> visit)
    {
        RandomPositions positions = new();
        visit(positions);
        return positions;
    }

    /// <summary>Puts the streams back to where they were.</summary>
    public void Restore()
    {
        foreach ((RandomStream random, RandomStreamState state) in _streams) random.State = state;
    }

    protected override void OnTensor(string name, Storage storage, Shape shape, Tensor? tensor)
    {
    }

    protected override void OnRandom(string name, RandomStream random) => _streams.Add((random, random.State));

    protected override string OnNumber(string name, string text) => text;
}
