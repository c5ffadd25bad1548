using System.Text.Json.Serialization;

namespace Engine.Models.Training;

/// <summary>What a checkpoint keeps beside the tensors.</summary>
internal sealed record TrainingRecord
{
    /// <summary>The program that trains.</summary>
    public required string Program { get; init; }

    /// <summary>What must be the same for training to resume: names and values.</summary>
    public required Dictionary<string, string> Settings { get; init; }

    /// <summary>The epoch of the next step, from 1; one more than all of them at the end.</summary>
    public required int Epoch { get; init; }

    /// <summary>The next step of that epoch, from 0.</summary>
    public required int NextStep { get; init; }

    /// <summary>The steps done since training began.</summary>
    public required long Steps { get; init; }

    /// <summary>Scalars of the model and its optimisers, as text that reads back to the same bits.</summary>
    public required Dictionary<string, string> Numbers { get; init; }

    /// <summary>Random streams as <c>key:position</c>.</summary>
    public required Dictionary<string, string> RandomStreams { get; init; }

    /// <summary>Losses and time.</summary>
    public required ProgressState Progress { get; init; }

    /// <summary>The pictures that were written so far.</summary>
    public required List<string> Pictures { get; init; }

    /// <summary>Their captions, by names without digits; null in checkpoints that are older than captions.</summary>
    public Dictionary<string, string>? Captions { get; init; }
}

/// <summary>Writes and reads a <see cref="TrainingRecord"/> without reflection.</summary>
[JsonSourceGenerationOptions(
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(TrainingRecord))]
internal sealed partial class TrainingRecordJson : JsonSerializerContext;

/// <summary>What a checkpoint keeps of a <see cref="TrainingProgress"/>.</summary>
internal sealed record ProgressState
{
    /// <summary>More seconds, about 300 years, than any training takes, and few enough for all clocks.</summary>
    public const double MostSeconds = 1e10;

    /// <summary>The lines so far.</summary>
    public required List<EpochMeans> History { get; init; }

    /// <summary>The losses since the last line.</summary>
    public required List<LossSum> Sums { get; init; }

    /// <summary>What was measured since the last line.</summary>
    public required List<LossSum> Metrics { get; init; }

    /// <summary>The samples since the last line.</summary>
    public required long Samples { get; init; }

    /// <summary>The samples since training began.</summary>
    public required long AllSamples { get; init; }

    /// <summary>The time since training began.</summary>
    public required double Seconds { get; init; }

    /// <summary>The time from the last line to the last step.</summary>
    public required double LineSeconds { get; init; }

    /// <summary>What was observed at steps; null where nothing was, as in checkpoints that are older than such curves.</summary>
    public List<StepCurveState>? Curves { get; init; }

    /// <summary>How often each loss was reported since training began; null in checkpoints that are older than event files.</summary>
    public Dictionary<string, long>? Reported { get; init; }

    /// <summary>Warnings by their kind; null where there are none.</summary>
    public Dictionary<string, string>? Warnings { get; init; }
}

/// <summary>What one printed line of a training program says.</summary>
/// <param name="Epoch">The epoch that it was printed after, from 1.</param>
/// <param name="Losses">The mean of each loss since the line before.</param>
public sealed record EpochMeans(int Epoch, IReadOnlyDictionary<string, double> Losses)
{
    /// <summary>What was measured after the epoch, such as a test set's bound.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>().AsReadOnly();
}

/// <summary>A loss since the last printed line, so that a resumed line has the same mean to the bit.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sum">The sum of its values.</param>
/// <param name="Count">How many they are.</param>
internal readonly record struct LossSum(string Name, double Sum, int Count);
