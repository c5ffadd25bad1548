using System.Globalization;
using System.Runtime.CompilerServices;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Movement;

namespace Engine.Autograd;

/// <summary>
/// A scalar that was computed on a device and is read on demand: a loss that is printed now and then does not make every
/// step wait for the device. On the host it is there at once. It remains valid when the tape of the tensor is disposed.
/// </summary>
/// <example><code>Reading loss = tensor; ... Console.WriteLine(loss.Value);</code></example>
public readonly struct Reading : IEquatable<Reading>, IFormattable
{
    private readonly ReadingPage? _page;
    private readonly int _place;
    private readonly double _value;

    private Reading(double value) => _value = value;

    private Reading(ReadingPage page, int place) => (_page, _place) = (page, place);

    /// <summary>The value; where it is still on a device, this waits for it, and for every other pending reading.</summary>
    /// <exception cref="DeviceException">The device failed.</exception>
    public double Value => _page is null ? _value : _page.Read(_place);

    /// <summary>Whether <see cref="Value"/> waits for nothing.</summary>
    public bool IsKnown => _page is null || _page.IsRead;

    /// <summary>A value on the host.</summary>
    public static implicit operator Reading(double value) => new(value);

    /// <summary>The element of a tensor that has one.</summary>
    /// <exception cref="InvalidOperationException">There is not exactly one element.</exception>
    public static implicit operator Reading(Tensor scalar) => FromTensor(scalar);

    /// <summary>The value, after waiting for the device where necessary.</summary>
    public static implicit operator double(Reading reading) => reading.Value;

    /// <summary>The element of a tensor that has one.</summary>
    /// <exception cref="InvalidOperationException">There is not exactly one element.</exception>
    public static Reading FromTensor(Tensor scalar)
    {
        ArgumentNullException.ThrowIfNull(scalar);
        if (scalar.Count != 1) throw new InvalidOperationException($"A reading is of one element, found shape {scalar.Shape}.");
        return Of(scalar.Storage);
    }

    /// <summary>Whether both have the same value.</summary>
    public static bool operator ==(Reading left, Reading right) => left.Equals(right);

    /// <summary>Whether they have different values.</summary>
    public static bool operator !=(Reading left, Reading right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Reading other) => Value.Equals(other.Value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Reading other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => Value.ToString(format, formatProvider);

    /// <summary>The element of a storage that has one.</summary>
    internal static Reading Of(Storage scalar)
    {
        if (scalar.Device is not CpuDevice) return new Reading(ReadingPage.Write(scalar, out int place), place);
        return scalar.DType switch
        {
            DType.Float32 => scalar.AsSpan<float>()[0],
            DType.Float64 => scalar.AsSpan<double>()[0],
            _ => scalar.AsSpan<int>()[0],
        };
    }
}

/// <summary>
/// Where a device keeps values for <see cref="Reading"/>s: each is copied on the device into the next place, and the first that is read
/// brings all of them to the host in one copy. Its memory is then released. A page that fills up is read in any
/// case, so that unused readings hold no more than one page.
/// </summary>
internal sealed class ReadingPage
{
    internal const int Places = 256;

    private static readonly ConditionalWeakTable<Device, ReadingPage?[]> s_open = [];

    private readonly double[] _values = new double[Places];
    private readonly ReadingPage?[] _pages;
    private readonly Storage _memory;
    private int _count;
    private volatile bool _isRead;

    private ReadingPage(ReadingPage?[] pages, Device device, DType dtype)
    {
        _pages = pages;
        _memory = device.Allocate(dtype, Places);
    }

    internal bool IsRead => _isRead;

    /// <summary>Copies a scalar into the next place of the open page of its device and type.</summary>
    internal static ReadingPage Write(Storage scalar, out int place)
    {
        ReadingPage?[] pages = s_open.GetValue(scalar.Device, static _ => new ReadingPage?[Enum.GetValues<DType>().Length]);
        lock (pages)
        {
            ReadingPage page = pages[(int)scalar.DType] ??= new ReadingPage(pages, scalar.Device, scalar.DType);
            place = page._count++;
            Move.WriteSlice(scalar, new Shape(1), page._memory, new Shape(Places), [place]);
            if (page._count == Places) page.Fetch();
            return page;
        }
    }

    internal double Read(int place)
    {
        if (_isRead) return _values[place];
        lock (_pages) Fetch();
        return _values[place];
    }

    private void Fetch()
    {
        if (_isRead) return;

        // The next scalar begins a new page, even if the copy fails.
        _pages[(int)_memory.DType] = null;
        switch (_memory.DType)
        {
            case DType.Float64:
                _memory.CopyTo<double>(_values);
                break;
            case DType.Float32:
                float[] singles = new float[Places];
                _memory.CopyTo<float>(singles);
                for (int i = 0; i < _count; i++) _values[i] = singles[i];
                break;
            default:
                int[] whole = new int[Places];
                _memory.CopyTo<int>(whole);
                for (int i = 0; i < _count; i++) _values[i] = whole[i];
                break;
        }

        _memory.Release();
        _isRead = true;
    }
}
