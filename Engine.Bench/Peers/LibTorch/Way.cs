using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>How a step is run: the order of images in memory, and what the cross-entropy is computed from.</summary>
/// <param name="ChannelsLast">Images as NHWC in memory, as oneDNN likes them; their shape stays NCHW.</param>
/// <param name="FromLogits">The loss from logits, not from probabilities.</param>
internal sealed record Way(bool ChannelsLast, bool FromLogits)
{
    private static readonly string[] s_formats = ["contiguous", "channels_last"], s_losses = ["probabilities", "logits"];

    internal string Name => $"{s_formats[ChannelsLast ? 1 : 0]}/{s_losses[FromLogits ? 1 : 0]}";

    /// <summary>The way of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    internal static Way Named(string name) => All.FirstOrDefault(way => way.Name == name)
        ?? throw new ArgumentException($"expected one of {string.Join(", ", All.Select(way => way.Name))}, found '{name}'");

    /// <summary>The fastest for a model, each made and timed alone.</summary>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    internal static Way Fastest(string model) => All.Where(way => TrainingSteps.HasChoice(model, way)).MinBy(way =>
    {
        Func<double[]> step = TrainingSteps.Make(model, way);
        return Math.Min(LowerQuartile(step), LowerQuartile(step));
    })!;

    /// <summary>Images [images, channels, height, width] in the order of memory that was chosen.</summary>
    internal Tensor Images(Tensor x) => ChannelsLast ? x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : x.alias();

    internal Tensor CrossEntropy(Tensor logits, Tensor targets, nn.Reduction reduction = nn.Reduction.Mean) => FromLogits
        ? F.binary_cross_entropy_with_logits(logits, targets, reduction: reduction)
        : F.binary_cross_entropy(sigmoid(logits), targets, reduction: reduction);

    /// <summary>Of the milliseconds of some steps: a disturbance does not move it.</summary>
    private static double LowerQuartile(Func<double[]> step)
    {
        double[] times = [.. Serving.Timed(() => step(), 0.5).Order()];
        return times[times.Length / 4];
    }

    private static IEnumerable<Way> All { get; } = [new(false, false), new(false, true), new(true, false), new(true, true)];
}
