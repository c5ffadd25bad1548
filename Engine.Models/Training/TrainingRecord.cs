using System.Text.Json.Serialization;

namespace Engine.Models.Training;

/// <summary>What a checkpoint keeps beside the tensors.</summary>
internal sealed record TrainingRecord
{
    /// <summary>The program that trains.</summary>
    public required string Program { get; init; }

    /// <summary>What must be the same for training to go on: names and values.</summary>
    public required Dictionary<string, string> Settings { get; init; }

    /// <summary>The epoch of the next step, from 1; one more than all of them at the end.</summary>
    public required int Epoch { get; init; }

    /// <summary>The next step of that epoch, from 0.</summary>
    public required int NextStep { get; init; }

    /// <summary>The steps done since training began.</summary>
    public required long Steps { get; init; }

    /// <summary>Numbers of the model and its optimisers, as text that reads back to the same bits.</summary>
    public required Dictionary<string, string> Numbers { get; init; }

    /// <summary>Random streams as <c>key:position</c>.</summary>
    public required Dictionary<string, string> RandomStreams { get; init; }

    /// <summary>Losses and time.</summary>
    public required ProgressState Progress { get; init; }

    /// <summary>The pictures that were written so far.</summary>
    public required List<string> Pictures { get; init; }
}

/// <summary>Writes and reads a <see cref="TrainingRecord"/> without reflection.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TrainingRecord))]
internal sealed partial class TrainingRecordJson : JsonSerializerContext;
