namespace Engine.Tests.Devices;

public sealed class StorageTests : IsolatedTests
{
    [Theory, Values("cpu:2", "simulator")]
    public void Elements_go_in_and_come_out(string name)
    {
        using Device device = KernelDevice.Open(name);
        Storage storage = device.Allocate(DType.Int32, 5);
        storage.CopyFrom<int>([1, 2, 3, 4, 5]);
        int[] back = new int[5];
        storage.CopyTo<int>(back);
        Assert.Equal([1, 2, 3, 4, 5], back);
        storage.Release();
    }

    [Theory, Values("cpu:2", "simulator")]
    public void Released_memory_is_used_again(string name)
    {
        using Device device = KernelDevice.Open(name);
        Storage first = device.Allocate(DType.Float32, 1000);
        long inUse = device.MemoryInUse;
        Assert.True(inUse >= 4000);
        first.Release();
        Assert.Equal(0, device.MemoryInUse);
        Assert.Equal(inUse, device.MemoryKept);
        Storage second = device.Allocate(DType.Float64, 500);
        Assert.Equal(0, device.MemoryKept);
        second.Release();
    }

    [Fact]
    public void The_last_reference_gives_the_memory_back()
    {
        Storage storage = Cpu.Allocate(DType.Float32, 10);
        storage.AddReference();
        storage.Release();
        Assert.False(storage.IsReleased);
        storage.Release();
        Assert.True(storage.IsReleased);
        Assert.Throws<ObjectDisposedException>(() => storage.AsSpan<float>());
        Assert.Throws<ObjectDisposedException>(storage.AddReference);
    }

    [Fact]
    public void A_reference_is_never_added_to_memory_that_was_given_back()
    {
        for (int round = 0; round < 500; round++)
        {
            Storage storage = Cpu.Allocate(DType.Float32, 1);
            bool added = true;
            Parallel.Invoke(storage.Release, () =>
            {
                try
                {
                    storage.AddReference();
                }
                catch (ObjectDisposedException)
                {
                    added = false;
                }
            });
            Assert.Equal(added, !storage.IsReleased);
            if (added) storage.Release();
            Assert.Equal(0, Cpu.MemoryInUse);
        }
    }

    [Fact]
    public void Wrong_types_and_lengths_are_named()
    {
        Storage storage = Cpu.Allocate(DType.Float32, 3);
        Refused<InvalidOperationException>("Float32, not Int32", () => storage.AsSpan<int>());
        Refused("3 elements, found 2", () => storage.CopyFrom<float>([1, 2]));
        storage.Release();
    }

    [Fact]
    public void Memory_begins_at_a_cache_line()
    {
        foreach (int length in (ReadOnlySpan<int>)[0, 1, 17, 1025, 100_003])
        {
            Storage storage = Cpu.Allocate(DType.Float32, length);
            unsafe
            {
                Assert.Equal(0, (long)storage.HostPointer % HostMemoryPool.Alignment);
            }

            storage.Release();
        }
    }

    [Theory, Values(1, 64, 65, 4097, 1_000_001, 5_000_000_000)]
    public void Blocks_waste_at_most_an_eighth(long bytes)
    {
        long block = HostMemoryPool.RoundUp(bytes);
        Assert.True(block >= bytes);
        Assert.Equal(0, block % HostMemoryPool.Alignment);
        Assert.True(block <= Math.Max(bytes + HostMemoryPool.Alignment, bytes * 9 / 8), $"{bytes} bytes take {block}");
    }
}
