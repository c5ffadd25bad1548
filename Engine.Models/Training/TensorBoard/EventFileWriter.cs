using System.Globalization;
using System.Text;
using Engine.Autograd.Files;
using Engine.Models.Imaging;
using Engine.Models.Protobuf;

namespace Engine.Models.Training.TensorBoard;

/// <summary>
/// Writes an event file for TensorBoard (github.com/tensorflow/tensorboard): scalars, pictures and texts over the steps of a training. Each
/// writer has a file of its own, and TensorBoard shows all those of a folder as one run, in the order in which they were begun. What is
/// written waits in memory until <see cref="Flush()"/>, or until the first event that comes ten seconds after the last flush or finds a
/// mebibyte waiting.
/// </summary>
/// <example><code>
/// using EventFileWriter events = new("runs/first");
/// for (int step = 1; step &lt;= 100; step++) events.WriteScalar("loss", step, 1.0 / step);
/// </code></example>
public sealed class EventFileWriter : IDisposable
{
    private const int MostWaiting = 1 << 20;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _clock;
    private readonly MemoryStream _waiting = new();
    private long _length, _lastFlush;

    /// <summary>Creates a file in a folder, and the folder where there is none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="firstStep">
    /// The first step that is written: TensorBoard forgets what earlier files of the folder have from this step on. A training that resumes
    /// at a step, because the steps behind it were lost or are to be done again, passes that; one that starts over passes 0.
    /// </param>
    /// <exception cref="ArgumentException">The folder has no name, or the step is negative.</exception>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public EventFileWriter(string folder, long firstStep = 0) : this(folder, firstStep, TimeProvider.System)
    {
    }

    internal EventFileWriter(string folder, long firstStep, TimeProvider clock)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(firstStep);
        _clock = clock;
        folder = System.IO.Path.GetFullPath(folder);
        Path = folder;
        Try(() =>
        {
            Directory.CreateDirectory(folder);
            Path = Create(folder);
        });
        EventRecord.Append(_waiting, Event(0).Add(3, "brain.Event:2"));

        // A session log that says START.
        EventRecord.Append(_waiting, Event(firstStep).Add(7, new ProtoMessage().Add(1, 1)));
        Flush();
    }

    /// <summary>The full path of the file.</summary>
    public string Path { get; private set; }

    /// <summary>Writes a point of a curve.</summary>
    /// <param name="tag">The curve's name; TensorBoard groups names by what stands before their first slash.</param>
    /// <param name="step">The step, at least 0.</param>
    /// <param name="value">The value, kept in single precision; NaN and infinity are shown as such.</param>
    /// <exception cref="ArgumentException">The tag is empty, or the step is negative.</exception>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public void WriteScalar(string tag, long step, double value) => Write(tag, step, new ProtoMessage().Add(1, tag).Add(2, (float)value));

    /// <summary>Writes a picture.</summary>
    /// <param name="tag">The name of the series that it belongs to.</param>
    /// <param name="step">The step, at least 0.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="description">What is seen, in Markdown; null for nothing.</param>
    /// <exception cref="ArgumentException">The tag is empty, or the step is negative.</exception>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public void WriteImage(string tag, long step, Picture picture, string? description = null)
    {
        ArgumentNullException.ThrowIfNull(picture);
        WriteImage(tag, step, picture, picture.ToPng(), description);
    }

    /// <summary>Writes a picture that is encoded already.</summary>
    internal void WriteImage(string tag, long step, Picture picture, byte[] png, string? description)
    {
        ProtoMessage image = new ProtoMessage().Add(1, picture.Height).Add(2, picture.Width).Add(3, picture.Channels).Add(4, png);
        ProtoMessage value = new ProtoMessage().Add(1, tag).Add(4, image);
        if (description is not null) value.Add(9, new ProtoMessage().Add(1, new ProtoMessage().Add(1, "images")).Add(3, description));
        Write(tag, step, value);
    }

    /// <summary>Writes a text.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="step">The step, at least 0.</param>
    /// <param name="markdown">The text, in Markdown.</param>
    /// <exception cref="ArgumentException">The tag is empty, or the step is negative.</exception>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public void WriteText(string tag, long step, string markdown)
    {
        ArgumentNullException.ThrowIfNull(markdown);

        // A tensor without axes whose element is a string (DT_STRING is 7), for the plugin of texts (DATA_CLASS_TENSOR is 2).
        ProtoMessage tensor = new ProtoMessage().Add(1, 7).Add(2, new ProtoMessage()).Add(8, markdown);
        ProtoMessage metadata = new ProtoMessage().Add(1, new ProtoMessage().Add(1, "text")).Add(4, 2);
        Write(tag, step, new ProtoMessage().Add(1, tag).Add(8, tensor).Add(9, metadata));
    }

    /// <summary>Writes to the file what waits in memory.</summary>
    /// <exception cref="IOException">The file cannot be written, and what waits goes on waiting; the message names the file and says
    /// why.</exception>
    public void Flush() => Flush(toDisk: false);

    /// <summary>Writes to the file what waits in memory, and nothing where that was done before.</summary>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public void Dispose() => Flush();

    /// <summary>Writes to the file what waits in memory.</summary>
    /// <param name="toDisk">Whether to wait until the disk has it.</param>
    internal void Flush(bool toDisk)
    {
        _lastFlush = _clock.GetTimestamp();
        if (_waiting.Length == 0 && !toDisk) return;
        Try(() =>
        {
            // It is open no longer than that: neither the end of a program nor its death leaves anything behind, and half of a record
            // that a full disk has left is written over.
            using FileStream file = new(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            file.Position = _length;
            file.Write(_waiting.GetBuffer().AsSpan(0, (int)_waiting.Length));
            if (toDisk) file.Flush(flushToDisk: true);
        });
        _length += _waiting.Length;
        _waiting.SetLength(0);
    }

    private void Write(string tag, long step, ProtoMessage value)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        EventRecord.Append(_waiting, Event(step).Add(5, new ProtoMessage().Add(1, value)));
        if (_waiting.Length >= MostWaiting || _clock.GetElapsedTime(_lastFlush) >= s_every) Flush();
    }

    /// <summary>An event as it begins: its time in seconds since 1970, and its step.</summary>
    private ProtoMessage Event(long step) =>
        new ProtoMessage().Add(1, (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds).Add(2, step);

    // TensorBoard knows an event file by a part of its name, and sorts those of a folder by their names: the second in which each was made.
    private string Create(string folder)
    {
        const string Begin = "events.out.tfevents.";
        long second = _clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (string file in Directory.EnumerateFiles(folder, Begin + "*"))
        {
            string[] parts = System.IO.Path.GetFileName(file)[Begin.Length..].Split('.');
            if (long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long other) && other < long.MaxValue)
                second = Math.Max(second, other + 1);
        }

        string machine = string.Concat(Environment.MachineName.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
        string path = System.IO.Path.Combine(
            folder, string.Create(CultureInfo.InvariantCulture, $"{Begin}{second:D10}.{machine}.{Environment.ProcessId}"));
        new FileStream(path, FileMode.CreateNew, FileAccess.Write).Dispose();
        return path;
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"{Path} cannot be written: {WholeFile.Reason(e)}", e);
        }
    }
}
