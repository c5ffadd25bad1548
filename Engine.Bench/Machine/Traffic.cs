namespace Engine.Bench.Machine;

/// <summary>A way to move bytes, with its own ceiling.</summary>
internal enum Traffic
{
    /// <summary>Reads an array and adds it up.</summary>
    Read,

    /// <summary>Reads an array and writes another.</summary>
    Copy,

    /// <summary>As <see cref="Copy"/>, with stores that pass the caches by, so that the written lines need not be read first.</summary>
    StreamingCopy,
}
