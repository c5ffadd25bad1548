using System.Buffers.Binary;
using System.Numerics;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Microsoft.Win32.SafeHandles;

namespace Engine.Autograd.Checkpoints;

/// <summary>
/// A file of named tensors in the safetensors format (huggingface.co/docs/safetensors): the length of the header as a little-endian 64-bit
/// number, the header, the elements. Opening reads the header and holds it against the length of the file; elements are read when they are
/// asked for, straight into their place or through a buffer of 16 KB. May be read by several threads at once.
/// </summary>
/// <remarks>
/// Opening takes memory for the header and a record for each tensor: a header that claims more than the file holds takes none.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    /// <summary>The longest header, in bytes: the format's own limit.</summary>
    public const int LongestHeader = 100_000_000;

    private const int PrefixBytes = 8;

    private readonly SafeFileHandle _handle;
    private readonly long _dataStart;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        long length = RandomAccess.GetLength(handle);
        if (length < PrefixBytes)
            throw new CheckpointException(
                $"{path} is cut short: expected at least the {PrefixBytes} bytes of a header's length, found {length}.");
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        ReadBytes(prefix, 0);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > LongestHeader)
        {
            throw new CheckpointException(
                $"{path}: expected a header of at most {LongestHeader} bytes, found its length to be {headerLength}: this is no "
                + "safetensors file.");
        }

        if (headerLength > (ulong)(length - PrefixBytes))
            throw new CheckpointException(
                $"{path} is cut short: expected a header of {headerLength} bytes, found {length - PrefixBytes} after its length.");
        byte[] json = new byte[headerLength];
        ReadBytes(json, PrefixBytes);
        _dataStart = PrefixBytes + json.Length;
        _header = new SafetensorsHeader(path, length - _dataStart);
        _header.Parse(json);
        if (SafetensorsChecksums.Check(_header, prefix, json) is { } damage) throw new CheckpointException($"{path} {damage}");
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>The tensors, in the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>
    /// Whether the file has checksums, as those of <see cref="SafetensorsWriter"/> have: the header was compared with its own when the file
    /// was opened, and each tensor is when it is read.
    /// </summary>
    public bool HasChecksums => _header.ChecksumPlace >= 0;

    /// <summary>Opens a file and checks all of its header.</summary>
    /// <exception cref="CheckpointException">
    /// The file is missing or cannot be read, is cut short or too long, is no safetensors file, its tensors overlap, leave gaps, or
    /// disagree with their shapes, or its header has another checksum than it says.
    /// </exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle? handle = null;
        try
        {
            // A file that is open may be replaced by a newer one: this one keeps reading what it opened.
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return new SafetensorsFile(path, handle);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException($"{path}: expected a file, found none.", e);
        }
        catch (Exception e)
        {
            handle?.Dispose();
            if (e is not (IOException or UnauthorizedAccessException or NotSupportedException)) throw;
            throw new CheckpointException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether the file has a tensor of this name.</summary>
    public bool Contains(string name) => _header.ByName.ContainsKey(name);

    /// <summary>What the header says of a tensor.</summary>
    /// <exception cref="CheckpointException">There is no tensor of this name.</exception>
    public SafetensorsEntry Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _header.ByName.GetValueOrDefault(name)
            ?? throw new CheckpointException(
                $"{Path}: expected a tensor {Wording.Name(name)}, found none of that name among {Entries.Count}.");
    }

    /// <summary>
    /// Reads a tensor's elements. Whatever a type can hold arrives exactly; values with more digits than float or double are rounded to
    /// nearest.
    /// </summary>
    /// <typeparam name="T">float or double for any tensor; int, long, byte for tensors of whole numbers.</typeparam>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">Where the elements go, in row-major order.</param>
    /// <exception cref="CheckpointException">
    /// There is no such tensor, its type has no conversion, it has another number of elements, it holds fractions where whole numbers are
    /// asked for, or a number too large for the type; or it is damaged, or the file has become shorter. What was read until then stays in
    /// <paramref name="destination"/>.
    /// </exception>
    public void Read<T>(string name, Span<T> destination) where T : unmanaged, INumber<T>
    {
        SafetensorsEntry entry = Readable<T>(name);
        if (entry.Count != destination.Length) throw Misfit(entry, $"{destination.Length} elements");
        SafetensorsElements.Read(this, entry, destination);
    }

    /// <summary>A tensor's elements in row-major order; see <see cref="Read{T}(string, Span{T})"/>.</summary>
    public T[] Read<T>(string name) where T : unmanaged, INumber<T>
    {
        SafetensorsEntry entry = Readable<T>(name);
        if (entry.Count > Array.MaxLength) throw Misfit(entry, $"at most {Array.MaxLength} elements");
        T[] values = new T[entry.Count];
        SafetensorsElements.Read(this, entry, values.AsSpan());
        return values;
    }

    /// <summary>Reads a tensor into a tensor of the same shape, of whatever type.</summary>
    /// <param name="name">The tensor in the file.</param>
    /// <param name="destination">What is overwritten, on any device.</param>
    /// <exception cref="CheckpointException">As for <see cref="Read{T}(string, Span{T})"/>, or the shapes differ.</exception>
    /// <exception cref="ObjectDisposedException">The destination was released.</exception>
    public void Read(string name, Tensor destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Read(name, destination.Storage, destination.Shape);
    }

    /// <summary>Reads a tensor into a device's memory.</summary>
    /// <param name="name">The tensor in the file.</param>
    /// <param name="destination">What is overwritten.</param>
    /// <param name="shape">The shape that the tensor must have.</param>
    /// <exception cref="CheckpointException">As for <see cref="Read(string, Tensor)"/>.</exception>
    public void Read(string name, Storage destination, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(destination);
        SafetensorsEntry entry = Readable<float>(name);
        CheckShape(entry, shape);
        destination.Version++;
        if (destination.DType == DType.Float32) Read<float>(entry, destination);
        else if (destination.DType == DType.Float64) Read<double>(entry, destination);
        else Read<int>(entry, destination);
    }

    /// <summary>
    /// Reads every tensor and compares it with its checksum; there is nothing to compare in a file without checksums.
    /// </summary>
    /// <exception cref="CheckpointException">A tensor is damaged, or the file cannot be read.</exception>
    public void Verify()
    {
        foreach (SafetensorsEntry entry in Entries) Verify(entry, NonFinite.Any);
    }

    /// <summary>Refuses a tensor that is damaged, or holds values that are not finite, before anything is set.</summary>
    internal void Verify(SafetensorsEntry entry, NonFinite allowed) => SafetensorsVerification.Run(this, entry, allowed);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>Refuses a tensor of another shape than the one that is needed.</summary>
    internal void CheckShape(SafetensorsEntry entry, Shape shape)
    {
        bool fits = entry.Extents.Count == shape.Rank;
        for (int i = 0; fits && i < shape.Rank; i++) fits = entry.Extents[i] == shape[i];
        if (!fits) throw Misfit(entry, $"the shape {shape}");
    }

    internal CheckpointException Misfit(SafetensorsEntry entry, string expected) =>
        new($"{Path}: tensor {Wording.Name(entry.Name)}: expected {expected}, found {entry}.");

    /// <summary>Reads bytes of a tensor's data, all or none.</summary>
    internal void ReadData(SafetensorsEntry entry, long offset, Span<byte> destination) =>
        ReadBytes(destination, _dataStart + entry.Begin + offset);

    // Before memory is taken for the elements: of a type that is not known here, the number of elements may be anything.
    private SafetensorsEntry Readable<T>(string name)
    {
        SafetensorsEntry entry = Find(name);
        return entry.Type.IsReadable()
            ? entry : throw Misfit(entry, $"elements with a conversion to {typeof(T).Name} ({SafetensorsTypes.Readable})");
    }

    private void Read<T>(SafetensorsEntry entry, Storage destination) where T : unmanaged, INumber<T>
    {
        if (destination.Device is CpuDevice)
        {
            SafetensorsElements.Read(this, entry, destination.AsSpan<T>());
            return;
        }

        T[] values = new T[destination.Length];
        SafetensorsElements.Read(this, entry, values.AsSpan());
        destination.CopyFrom<T>(values);
    }

    private void ReadBytes(Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            int read;
            try
            {
                read = RandomAccess.Read(_handle, destination, offset);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new CheckpointException($"{Path} cannot be read: {e.Message}", e);
            }

            if (read == 0)
            {
                throw new CheckpointException(
                    $"{Path} is cut short: expected {destination.Length} bytes from byte {offset} on, found none; it was longer when it "
                    + "was opened.");
            }

            destination = destination[read..];
            offset += read;
        }
    }
}
