using System.IO.Hashing;
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
            Span<byte> bytes = MemoryMarshal.AsBytes(destination);
            file.ReadData(entry, 0, bytes);
            if (entry.Checksum is not null) SafetensorsVerification.CheckSum(file, entry, XxHash3.HashToUInt64(bytes));
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
            case SafetensorsType.U16: Convert<ushort, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.U32: Convert<uint, T>(file, entry, destination, T.CreateChecked); break;
            case SafetensorsType.U64: Convert<ulong, T>(file, entry, destination, T.CreateChecked); break;
            case >= SafetensorsType.F8_E5M2 and <= SafetensorsType.F8_E8M0: Convert<byte, T>(
                file, entry, destination, x => T.CreateChecked(Widened(entry.Type, x))); break;
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

    /// <summary>The value of a float of 8 bits, which every float32 can hold.</summary>
    private static float Widened(SafetensorsType type, byte x)
    {
        // F8_E5M2 is the upper half of a binary16, F8_E8M0 is 2^(x - 127).
        if (type == SafetensorsType.F8_E5M2) return (float)BitConverter.UInt16BitsToHalf((ushort)(x << 8));
        if (type == SafetensorsType.F8_E8M0) return x == 0xFF ? float.NaN : float.ScaleB(1, x - 127);

        // Exponent 0 has no implicit 1 and the exponent of 1: value = (-1)^s (implicit + fraction / 2^m) 2^(max(e, 1) - bias).
        (int fractionBits, int bias) = type switch
        {
            SafetensorsType.F8_E4M3 => (3, 7),
            SafetensorsType.F8_E4M3FNUZ => (3, 8),
            _ => (2, 16),
        };
        bool isNaN = type == SafetensorsType.F8_E4M3 ? (x & 0x7F) == 0x7F : x == 0x80;
        if (isNaN) return float.NaN;
        int exponent = (x & 0x7F) >> fractionBits, fraction = x & ((1 << fractionBits) - 1);
        if (exponent > 0) fraction += 1 << fractionBits;
        float value = float.ScaleB(fraction, Math.Max(exponent, 1) - bias - fractionBits);
        return x >= 0x80 ? -value : value;
    }

    /// <summary>An element of a floating-point type of fewer bits than a float.</summary>
    internal static float Widened(SafetensorsType type, ReadOnlySpan<byte> bytes, int index)
    {
        if (type.SizeInBytes() == 1) return Widened(type, bytes[index]);
        ushort bits = MemoryMarshal.Cast<byte, ushort>(bytes)[index];
        return type == SafetensorsType.BF16 ? Widened(bits) : (float)BitConverter.UInt16BitsToHalf(bits);
    }

    private static void Convert<TStored, T>(SafetensorsFile file, SafetensorsEntry entry, Span<T> destination, Func<TStored, T> convert)
        where TStored : unmanaged
        where T : unmanaged
    {
        Span<byte> bytes = stackalloc byte[BufferBytes];
        Span<TStored> buffer = MemoryMarshal.Cast<byte, TStored>(bytes);
        XxHash3? hash = entry.Checksum is null ? null : new();
        for (int start = 0; start < destination.Length; start += buffer.Length)
        {
            Span<TStored> stored = buffer[..Math.Min(buffer.Length, destination.Length - start)];
            file.ReadData(entry, (long)start * entry.Type.SizeInBytes(), MemoryMarshal.AsBytes(stored));
            hash?.Append(MemoryMarshal.AsBytes(stored));
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

        if (hash is not null) SafetensorsVerification.CheckSum(file, entry, hash.GetCurrentHashAsUInt64());
    }
}
