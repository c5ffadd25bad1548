using System.Text.Json;
using Engine.Autograd.Checkpoints;

namespace Engine.Models.Training;

/// <summary>
/// The file that training resumes from: the tensors of the model and its optimisers under their names, and under <c>__metadata__</c> the
/// rest as JSON. Being a safetensors file, other programs can take the weights out of it.
/// </summary>
internal static class TrainingCheckpoint
{
    /// <summary>The file's name in the output folder.</summary>
    public const string FileName = "checkpoint.safetensors";

    /// <summary>The name of the one before it, where that is kept.</summary>
    public const string PreviousName = "checkpoint-previous.safetensors";

    /// <summary>The name of that of the best epoch, where that is kept.</summary>
    public const string BestName = "checkpoint-best.safetensors";

    /// <summary>The name that a checkpoint of an earlier run is kept under.</summary>
    public const string EarlierName = "checkpoint-earlier.safetensors";

    private const string Key = "training";

    /// <summary>Writes a checkpoint: whatever ends the process, the file is the old one or the new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="state">The state of the model.</param>
    /// <param name="record">The rest.</param>
    /// <param name="keep">The name beside it to keep the file under that is there; null to replace it.</param>
    /// <exception cref="CheckpointException">The file cannot be written; what was there before still is.</exception>
    public static void Write(string path, StateWriter state, TrainingRecord record, string? keep)
    {
        state.File.AddText(Key, JsonSerializer.Serialize(record, TrainingRecordJson.Default.TrainingRecord));
        state.File.Replace(path, keep);
    }

    /// <summary>Whether a file was written by <see cref="Write"/>, and has more in it than weights.</summary>
    public static bool Is(SafetensorsFile file) => file.Metadata.ContainsKey(Key);

    /// <summary>The record of an open checkpoint.</summary>
    /// <exception cref="CheckpointException">The file is no checkpoint of a training program, or damaged.</exception>
    public static TrainingRecord Read(SafetensorsFile file)
    {
        if (!file.Metadata.TryGetValue(Key, out string? json))
            throw new CheckpointException(
                $"{file.Path}: expected a checkpoint of a training program, found tensors alone: training cannot resume from weights.");
        try
        {
            TrainingRecord record = JsonSerializer.Deserialize(json, TrainingRecordJson.Default.TrainingRecord)
                ?? throw new JsonException("found null");
            TrainingRecordCheck.Check(record);
            return record;
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{file.Path}: what it says of the state of training cannot be read: {e.Message}", e);
        }
    }
}
