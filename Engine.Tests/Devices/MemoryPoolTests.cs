using System.Runtime.InteropServices;

namespace Engine.Tests.Devices;

public sealed unsafe class MemoryPoolTests
{
    private const long FarTooMuch = 1L << 62;

    [Fact]
    public void A_request_that_fails_says_what_was_asked_for_and_is_not_counted()
    {
        using HostMemoryPool pool = new();
        nint used = pool.Rent(4096), kept = pool.Rent(1024);
        pool.Return(kept, 1024);
        OutOfMemoryException e = Assert.Throws<OutOfMemoryException>(() => pool.Rent(FarTooMuch));
        Assert.Contains("for 4,611,686,018,427,387,904 bytes", e.Message);
        Assert.Contains(": 4,096 are in use", e.Message);
        Assert.Contains("and 1,024 that were kept", e.Message);
        Assert.Equal((4096, 0), (pool.InUse, pool.Kept));
        pool.Return(used, 4096);
        Assert.Equal((0, 4096), (pool.InUse, pool.Kept));
    }

    [Fact]
    public void Kept_blocks_are_given_back_before_memory_runs_out()
    {
        int failures = 0, refusals = 0;
        using HostMemoryPool pool = new(bytes =>
        {
            if (failures-- > 0)
            {
                refusals++;
                throw new OutOfMemoryException();
            }

            return (nint)NativeMemory.AlignedAlloc((nuint)bytes, HostMemoryPool.Alignment);
        });
        nint first = pool.Rent(4096);
        pool.Return(first, 4096);
        failures = 1;
        nint second = pool.Rent(8192);
        Assert.Equal(1, refusals);
        Assert.Equal((8192, 0), (pool.InUse, pool.Kept));
        pool.Return(second, 8192);
        failures = 1;
        Assert.Equal(second, pool.Rent(8192));
        Assert.Equal(1, refusals);
        pool.Return(second, 8192);
    }

    [Fact]
    public void The_pool_of_a_device_says_so_too()
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        var used = device.Pool.Rent(4096);
        device.Pool.Return(device.Pool.Rent(1024));
        Refused<OutOfMemoryException>("4,096 are in use, and 1,024 that were kept", () => device.Pool.Rent(FarTooMuch));
        Assert.Equal((4096, 0), (device.Pool.InUse, device.Pool.Kept));
        device.Pool.Return(used);
    }
}
