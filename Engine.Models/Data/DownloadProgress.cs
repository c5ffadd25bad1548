namespace Engine.Models.Data;

/// <summary>How far a download is.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="BytesReceived">Bytes that have arrived.</param>
/// <param name="BytesTotal">Bytes of the whole file, or null when nobody said.</param>
public readonly record struct DownloadProgress(string File, Uri Source, long BytesReceived, long? BytesTotal);
