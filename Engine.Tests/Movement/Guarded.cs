using System.Runtime.InteropServices;

namespace Engine.Tests.Movement;

/// <summary>
/// Runs a kernel on hosts of one, two and three threads: the results have to agree to the bit, and what lies between the end of
/// the output and the end of its block must stay untouched.
/// </summary>
internal static unsafe class Guarded
{
    /// <summary>Inputs that were made while a kernel ran, to be released after it.</summary>
    [ThreadStatic]
    private static List<Storage>? s_inputs;

    internal static CpuDevice[] Hosts { get; } = [new(1), new(2), new(3)];

    internal delegate void Kernel(CpuDevice host, Storage[] outputs);

    /// <summary>Runs a kernel that writes one output.</summary>
    internal static T[] Run<T>(int length, Action<CpuDevice, Storage> kernel, T initial = default) where T : unmanaged =>
        Run<T>([length], (host, outputs) => kernel(host, outputs[0]), initial)[0];

    /// <summary>Runs a kernel that writes several outputs.</summary>
    internal static T[][] Run<T>(int[] lengths, Kernel kernel, T initial = default) where T : unmanaged
    {
        T[][]? first = null;
        foreach (CpuDevice host in Hosts)
        {
            Storage[] outputs = [.. lengths.Select(length => Output(host, length, initial))];
            s_inputs = [];
            kernel(host, outputs);
            foreach (Storage input in s_inputs) input.Release();
            s_inputs = null;
            T[][] results = [.. outputs.Select(Finish<T>)];
            first ??= results;
            for (int i = 0; i < results.Length; i++)
            {
                Assert.True(
                    MemoryMarshal.AsBytes<T>(first[i]).SequenceEqual(MemoryMarshal.AsBytes<T>(results[i])),
                    $"output {i} with {host.Threads} threads differs from that with one");
            }
        }

        return first!;
    }

    /// <summary>A storage with given contents.</summary>
    internal static Storage With<T>(Device device, T[] values) where T : unmanaged
    {
        Storage storage = device.Allocate(DTypes.Of<T>(), values.Length);
        storage.CopyFrom<T>(values);
        s_inputs?.Add(storage);
        return storage;
    }

    private static Span<byte> Guard(Storage storage)
    {
        long used = (long)storage.Length * storage.DType.SizeInBytes();
        return new Span<byte>((byte*)storage.HostPointer + used, (int)(HostMemoryPool.RoundUp(used) - used));
    }

    private static Storage Output<T>(CpuDevice host, int length, T initial) where T : unmanaged
    {
        Storage storage = host.Allocate(DTypes.Of<T>(), length);
        storage.AsSpan<T>().Fill(initial);
        Guard(storage).Fill(0xA5);
        return storage;
    }

    private static T[] Finish<T>(Storage storage) where T : unmanaged
    {
        Assert.False(Guard(storage).ContainsAnyExcept((byte)0xA5), "wrote behind the end of the output");
        T[] values = new T[storage.Length];
        storage.CopyTo<T>(values);
        storage.Release();
        return values;
    }
}
