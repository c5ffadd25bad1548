using System.Numerics;
using System.Runtime.InteropServices;

namespace Engine.Autograd.Checkpoints;

/// <summary>
/// Reads elements and turns them into the type that is asked for. Files and the machines this runs on are both little-endian.
/// </summary>
internal static class SafetensorsElements
{
    private const int BufferBytes = 1 << 14;

    internal static void Read<T>(SafetensorsFile file, SafetensorsEntry entry, Span<T> destination) where T : unmanaged, INumber<T>
    {
        // Whole numbers divide 1 by 2 to 0.
        bool wantsWhole = T.IsZero(T.One / (T.One + T.One));
        if (wantsWhole && entry.Type.IsFloating()) throw file.Misfit(entry, "whole numbers");
        if (SafetensorsTypes.Of<T>() == entry.Type)
        {
            file.ReadData(entry, 0, MemoryMarshal.AsBytes(destination));
            return;
        }

        switch (entry.Type)
        {
            case SafetensorsType.BOOL: Convert<byte, T>(
                file, entry, destination, static x => x <= 1 ? T.CreateChecked(x) : throw new OverflowException()); break;
            case SafetensorsType.U8: Convert<byte, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.I8: Convert<sbyte, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.I16: Convert<short, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.I32: Convert<int, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.I64: Convert<long, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.F16: Convert<Half, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.BF16: Convert<ushort, T>(file, entry, destination, static x => T.CreateChecked(Widened(x))); break;
            case SafetensorsType.F32: Convert<float, T>(file, entry, destination, T.CreateChecked); break;
            default: Convert<double, T>(file, entry, destination, Narrowed<T>); break;
        }
    }

    /// <summary>A conversion to fewer digits makes infinity of what is too large, and says nothing.</summary>
    private static T Narrowed<T>(double x) where T : INumber<T>
    {
        T narrowed = T.CreateChecked(x);
        return double.IsFinite(x) && !T.IsFinite(narrowed) ? throw new OverflowException() : narrowed;
    }

    /// <summary>A BF16 is the upper half of a binary32.</summary>
    private static float Widened(ushort upperHalf) => BitConverter.UInt32BitsToSingle((uint)upperHalf << 16);

    private static void Convert<TStored, T>(SafetensorsFile file, SafetensorsEntry entry, Span<T> destination, Func<TStored, T> convert)
        where TStored : unmanaged
        where T : unmanaged
    {
        Span<byte> bytes = stackalloc byte[BufferBytes];
        Span<TStored> buffer = MemoryMarshal.Cast<byte, TStored>(bytes);
        for (int start = 0; start < destination.Length; start += buffer.Length)
        {
            Span<TStored> stored = buffer[..Math.Min(buffer.Length, destination.Length - start)];
            file.ReadData(entry, (long)start * entry.Type.SizeInBytes(), MemoryMarshal.AsBytes(stored));
            for (int i = 0; i < stored.Length; i++)
            {
                try
                {
                    destination[start + i] = convert(stored[i]);
                }
                catch (OverflowException)
                {
                    string range = entry.Type == SafetensorsType.BOOL ? "0 or 1" : $"numbers within the range of {typeof(T).Name}";
                    throw file.Misfit(entry, $"{range}, not {stored[i]} as element {start + i}");
                }
            }
        }
    }
}
