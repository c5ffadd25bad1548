using System.Buffers;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Engine.Autograd.Checks;

namespace Engine.Autograd.Checkpoints;

/// <summary>Which values that are not finite a tensor may hold.</summary>
internal enum NonFinite
{
    /// <summary>None.</summary>
    None,

    /// <summary>Infinity, such as a second moment that has overflowed, but not NaN.</summary>
    Infinity,

    /// <summary>Any.</summary>
    Any,
}

/// <summary>Reads through a tensor without keeping it, so that what is wrong is found before anything is set.</summary>
internal static class SafetensorsVerification
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Refuses a tensor that differs from its checksum, or holds values that are not finite.</summary>
    /// <exception cref="CheckpointException">It does, or cannot be read.</exception>
    internal static void Run(SafetensorsFile file, SafetensorsEntry entry, NonFinite allowed)
    {
        bool mustBeFinite = allowed != NonFinite.Any && entry.Type.IsFloating();
        if (entry.Checksum is null && !mustBeFinite) return;
        XxHash3 hash = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long start = 0; start < entry.Bytes; start += BufferBytes)
            {
                Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(BufferBytes, entry.Bytes - start));
                file.ReadData(entry, start, bytes);
                hash.Append(bytes);
                if (mustBeFinite) CheckFinite(file, entry, bytes, start / entry.Type.SizeInBytes(), allowed);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        CheckSum(file, entry, hash.GetCurrentHashAsUInt64());
    }

    /// <summary>Refuses a tensor whose bytes have another checksum than the file says.</summary>
    internal static void CheckSum(SafetensorsFile file, SafetensorsEntry entry, ulong found)
    {
        if (entry.Checksum is { } expected && expected != found) throw new CheckpointException(
            $"{file.Path} is damaged: tensor {Wording.Name(entry.Name)}: expected the checksum {SafetensorsChecksums.Text(expected)}, "
            + $"found {SafetensorsChecksums.Text(found)}.");
    }

    private static void CheckFinite(SafetensorsFile file, SafetensorsEntry entry, Span<byte> bytes, long first, NonFinite allowed)
    {
        switch (entry.Type)
        {
            case SafetensorsType.F32: CheckFinite<float>(file, entry, MemoryMarshal.Cast<byte, float>(bytes), first, allowed); break;
            case SafetensorsType.F64: CheckFinite<double>(file, entry, MemoryMarshal.Cast<byte, double>(bytes), first, allowed); break;
            default:
                float[] values = new float[bytes.Length / entry.Type.SizeInBytes()];
                for (int i = 0; i < values.Length; i++) values[i] = SafetensorsElements.Widened(entry.Type, bytes, i);
                CheckFinite<float>(file, entry, values, first, allowed);
                break;
        }
    }

    private static void CheckFinite<T>(SafetensorsFile file, SafetensorsEntry entry, ReadOnlySpan<T> values, long first, NonFinite allowed)
        where T : unmanaged, IFloatingPoint<T>
    {
        if (Finite.All(values)) return;
        for (int i = 0; i < values.Length; i++)
        {
            if (T.IsFinite(values[i]) || (allowed == NonFinite.Infinity && T.IsInfinity(values[i]))) continue;
            string word = T.IsNaN(values[i]) ? "NaN" : T.IsPositive(values[i]) ? "infinity" : "minus infinity";
            throw new CheckpointException(
                $"{file.Path}: tensor {Wording.Name(entry.Name)}: expected finite numbers, found {word} as element {first + i} of "
                + $"{entry}.");
        }
    }
}
