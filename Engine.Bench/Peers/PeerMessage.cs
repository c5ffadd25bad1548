using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Bench.Peers;

/// <summary>A line that a peer says: the fields that its kind of answer has.</summary>
internal sealed record PeerMessage
{
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Who it is, with its version.</summary>
    public string? Name { get; init; }

    /// <summary>How it computes, where it had a choice.</summary>
    public string? Note { get; init; }

    /// <summary>The losses of the last step.</summary>
    public double[]? Losses { get; init; }

    /// <summary>The milliseconds of each step of a window.</summary>
    public double[]? TimesMs { get; init; }

    /// <summary>The most memory that was resident, in MB of 2^20 bytes.</summary>
    public double? PeakMb { get; init; }

    /// <summary>Why there is no answer.</summary>
    public string? Error { get; init; }

    internal static PeerMessage Parse(string line) =>
        JsonSerializer.Deserialize<PeerMessage>(line, s_format) ?? throw new JsonException("the line is null");

    internal string ToLine() => JsonSerializer.Serialize(this, s_format);
}
