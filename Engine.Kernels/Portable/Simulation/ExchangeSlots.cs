using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Kernels.Portable;

/// <summary>
/// Where each thread of a group leaves a value for the others. There are two sets, used in turn: a thread may be one exchange ahead of the
/// slowest, and must not overwrite what that one has yet to read. It cannot be two ahead, for a barrier lies in between.
/// </summary>
internal sealed class ExchangeSlots(int threads)
{
    private const int SlotBytes = 64;

    // Lazy, since most kernels never exchange.
    private byte[] slots = [];

    public void Write<T>(int exchange, int thread, T value)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() > SlotBytes)
        {
            throw new NotSupportedException($"{typeof(T).Name} has more than the {SlotBytes} bytes that threads can exchange.");
        }

        if (slots.Length == 0)
        {
            slots = new byte[2 * threads * SlotBytes];
        }

        MemoryMarshal.Write(Slot(exchange, thread), in value);
    }

    public T Read<T>(int exchange, int thread)
        where T : unmanaged => MemoryMarshal.Read<T>(Slot(exchange, thread));

    private Span<byte> Slot(int exchange, int thread) => slots.AsSpan((((exchange & 1) * threads) + thread) * SlotBytes, SlotBytes);
}
