using System.Text.Json.Nodes;

namespace Engine.Tests.Training;

/// <summary>All that a checkpoint says but for the times: what two runs that did the same have in common, to the bit.</summary>
internal static class CheckpointContent
{
    public static string[] Of(string folder)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "checkpoint.safetensors"));
        JsonNode record = JsonNode.Parse(file.Metadata["training"])!;
        JsonObject progress = record["Progress"]!.AsObject();
        foreach (string time in (ReadOnlySpan<string>)[nameof(ProgressState.Seconds), nameof(ProgressState.LineSeconds)]) Assert(
            progress.Remove(time));
        return [record.ToJsonString(), .. file.Entries.Select(entry => $"{entry.Name} {entry}: {Hash(file, entry)}")];
    }

    private static string Hash(SafetensorsFile file, SafetensorsEntry entry) =>
        string.Join(' ', file.Read<double>(entry.Name).Aggregate((0UL, 0UL), (sums, x) =>
        {
            ulong bits = BitConverter.DoubleToUInt64Bits(x);
            return ((sums.Item1 * 1099511628211) ^ bits, sums.Item2 + bits);
        }));

    private static void Assert(bool holds)
    {
        if (!holds) throw new InvalidOperationException("A checkpoint has times.");
    }
}
