using Engine.Bench.Machine;
using Engine.Bench.Peers;

namespace Engine.Bench.Steps;

/// <summary>What was measured of one party.</summary>
internal sealed class StepResult(Peer peer, string note)
{
    private readonly List<double[]> _windows = [];

    internal string Name => peer.First.Name ?? "?";

    internal string Note => note;

    internal double[] FirstLosses => peer.First.Losses ?? [];

    internal double[] LastLosses { get; private set; } = [];

    internal double SecondsToFirst => peer.SecondsToFirst;

    internal double PeakMemory { get; private set; }

    /// <summary>The milliseconds of every step.</summary>
    internal IEnumerable<double> Times => _windows.SelectMany(window => window);

    /// <summary>The median step of each window, in milliseconds.</summary>
    internal IReadOnlyList<double> Medians => [.. _windows.Select(Sample.Median)];

    /// <summary>Measures one window.</summary>
    /// <exception cref="PeerException">A loss is not finite.</exception>
    internal void Measure(double seconds)
    {
        PeerMessage window = peer.Run(seconds);
        LastLosses = window.Losses ?? [];
        CheckFinite(LastLosses);
        _windows.Add(window.TimesMs ?? []);
    }

    internal void Finish() => PeakMemory = peer.PeakMemory();

    /// <summary>
    /// Holds the losses of the first step against those of another: the same model on the same kind of data starts at nearly the same loss.
    /// </summary>
    /// <exception cref="PeerException">A loss is not finite, or they are more than a tenth apart.</exception>
    internal void CheckFirstLosses(StepResult? other)
    {
        CheckFinite(FirstLosses);
        if (other is null) return;
        CheckFinite(other.FirstLosses);
        bool near = FirstLosses.Length == other.FirstLosses.Length
            && FirstLosses.Zip(other.FirstLosses).All(pair => Math.Abs(pair.First - pair.Second) <= 0.1 * Math.Abs(pair.Second));
        if (!near)
            throw new PeerException(
                $"The first losses should be alike: {Name} has {Text(FirstLosses)}, {other.Name} {Text(other.FirstLosses)}.");
    }

    internal static string Text(double[] losses) => string.Join(", ", losses.Select(loss => loss.ToString("G5")));

    private void CheckFinite(double[] losses)
    {
        if (losses.Length == 0 || !losses.All(double.IsFinite)) throw new PeerException(
            $"{Name}: the losses should be finite, found {Text(losses)}.");
    }
}
