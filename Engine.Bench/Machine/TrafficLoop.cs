using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engine.Bench.Machine;

/// <summary>One thread's part of a bandwidth measurement: two arrays of its own and a loop over them.</summary>
internal sealed unsafe class TrafficLoop : IDisposable
{
    // A multiple of a huge page, so that the system may use those, and of every vector.
    private const nuint Alignment = 1 << 21;
    private const nint Step = 256;

    private readonly byte* _source;
    private readonly byte* _target;
    private readonly nint _bytes;
    private readonly Traffic _kind;

    /// <summary>Allocates and touches the arrays: <paramref name="workingSet"/> bytes in all.</summary>
    internal TrafficLoop(Traffic kind, long workingSet)
    {
        _kind = kind;
        _bytes = Math.Max(Step, (nint)(workingSet / (kind == Traffic.Read ? 1 : 2)) / Step * Step);
        _source = (byte*)NativeMemory.AlignedAlloc((nuint)_bytes, Alignment);
        _target = kind == Traffic.Read ? null : (byte*)NativeMemory.AlignedAlloc((nuint)_bytes, Alignment);
        NativeMemory.Fill(_source, (nuint)_bytes, 0);
        if (_target != null) NativeMemory.Fill(_target, (nuint)_bytes, 0);
    }

    /// <summary>
    /// The bytes that one pass reads and writes, as the program sees them: what a store reads behind its back is not counted.
    /// </summary>
    internal double BytesPerPass => (_target == null ? 1.0 : 2.0) * _bytes;

    /// <summary>Goes over the arrays; the result only keeps the compiler from leaving the reads out.</summary>
    internal float Run(long passes)
    {
        float sum = 0;
        for (long pass = 0; pass < passes; pass++)
        {
            switch (_kind)
            {
                case Traffic.Read: sum += Read(_source, _bytes); break;
                case Traffic.Copy: Copy(_source, _target, _bytes); break;
                default: StreamingCopy(_source, _target, _bytes); break;
            }
        }

        return sum;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_source);
        NativeMemory.AlignedFree(_target);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Read(byte* source, nint bytes)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> a = default, b = default, c = default, d = default;
            for (nint i = 0; i < bytes; i += 256)
            {
                a += Vector512.LoadAligned((float*)(source + i));
                b += Vector512.LoadAligned((float*)(source + i + 64));
                c += Vector512.LoadAligned((float*)(source + i + 128));
                d += Vector512.LoadAligned((float*)(source + i + 192));
            }

            return Vector512.Sum(a + b + c + d);
        }

        Vector256<float> e = default, f = default, g = default, h = default;
        for (nint i = 0; i < bytes; i += 128)
        {
            e += Vector256.LoadAligned((float*)(source + i));
            f += Vector256.LoadAligned((float*)(source + i + 32));
            g += Vector256.LoadAligned((float*)(source + i + 64));
            h += Vector256.LoadAligned((float*)(source + i + 96));
        }

        return Vector256.Sum(e + f + g + h);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Copy(byte* source, byte* target, nint bytes)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            for (nint i = 0; i < bytes; i += 128)
            {
                Vector512.LoadAligned(source + i).StoreAligned(target + i);
                Vector512.LoadAligned(source + i + 64).StoreAligned(target + i + 64);
            }

            return;
        }

        for (nint i = 0; i < bytes; i += 64)
        {
            Vector256.LoadAligned(source + i).StoreAligned(target + i);
            Vector256.LoadAligned(source + i + 32).StoreAligned(target + i + 32);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StreamingCopy(byte* source, byte* target, nint bytes)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            for (nint i = 0; i < bytes; i += 128)
            {
                Vector512.LoadAligned(source + i).StoreAlignedNonTemporal(target + i);
                Vector512.LoadAligned(source + i + 64).StoreAlignedNonTemporal(target + i + 64);
            }
        }
        else
        {
            for (nint i = 0; i < bytes; i += 64)
            {
                Vector256.LoadAligned(source + i).StoreAlignedNonTemporal(target + i);
                Vector256.LoadAligned(source + i + 32).StoreAlignedNonTemporal(target + i + 32);
            }
        }

        // Streaming stores are only written once the store buffers are drained.
        Thread.MemoryBarrier();
    }
}
