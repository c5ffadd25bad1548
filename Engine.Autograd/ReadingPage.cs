using System.Runtime.CompilerServices;
using Engine.Kernels;
using Engine.Kernels.Movement;

namespace Engine.Autograd;

/// <summary>
/// Where a device keeps numbers for <see cref="Reading"/>s: each is copied on the device into the next place, and the first that is asked
/// for brings all of them to the host in one copy. The memory is given back then. A page that fills up is read whether or not somebody
/// asks, so that readings that nobody wants hold no more than one page.
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

    /// <summary>Copies a number into the next place of the open page of its device and type.</summary>
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

        // Whatever comes of the copy, the next number begins a page of its own.
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
