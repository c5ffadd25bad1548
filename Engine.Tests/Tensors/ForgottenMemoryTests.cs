using System.Runtime.CompilerServices;
using Engine.Tests.Faults;

namespace Engine.Tests.Tensors;

/// <summary>Tensors, tapes and devices that nobody disposes of: the garbage collector gives back what hangs on them.</summary>
public sealed class ForgottenMemoryTests : IsolatedTests
{
    public static TheoryData<string> Devices => ["cpu:1", "simulator"];

    [Theory, MemberData(nameof(Devices))]
    public void Tensors_that_are_never_disposed_are_collected(string name)
    {
        using Device device = Device.Open(name);
        Forget(device, 100);
        Assert.True(Becomes(0, () => device.MemoryInUse), $"{device.MemoryInUse} bytes are in use");
    }

    [Fact]
    public void A_loop_that_never_disposes_keeps_little()
    {
        using CpuDevice device = new(1);
        long most = 0;
        int count = FaultCounts.Of(5_000, 2_000_000);
        for (int i = 0; i < count; i++)
        {
            Tensor.Zeros([100_000], device: device);
            most = Math.Max(most, device.MemoryInUse + device.MemoryKept);
        }

        // 5,000 of them would be 2 GB.
        Assert.InRange(most, 0, 1L << 30);
        FaultCounts.Report($"{count:N0} tensors of 400 KB that nobody disposed: at most {most >> 20} MiB were held");
    }

    [Theory, MemberData(nameof(Devices))]
    public void What_is_kept_is_not_collected_and_is_released_once(string name)
    {
        using Device device = Device.Open(name);
        Tensor kept;
        using (Tape tape = new(device)) kept = tape.Keep(Tensor.Full([1000], 3) + 1);
        Collect();
        Assert.All(kept.ToArray(), value => Assert.Equal(4, value));
        kept.Dispose();
        Assert.Equal(0, device.MemoryInUse);
        Collect();
        Assert.Equal(0, device.MemoryInUse);
        Forget(device, 1);
        Assert.True(Becomes(0, () => device.MemoryInUse));
    }

    [Fact]
    public void Forgotten_devices_end_their_threads()
    {
        int before = Threads();
        ForgetDevices();

        // They were 120. Other tests open and close devices of their own meanwhile, so that only the order of magnitude is certain.
        Assert.True(Becomes(before + 60, () => Threads()), $"{Threads()} threads, {before} before");

        static int Threads() => System.Diagnostics.Process.GetCurrentProcess().Threads.Count;
    }

    [Fact]
    public void A_tape_of_a_thread_that_has_ended_is_collected()
    {
        using CpuDevice device = new(1);
        LeaveTapeOpen(device);
        Assert.True(Becomes(0, () => device.MemoryInUse), $"{device.MemoryInUse} bytes are in use");
    }

    [Fact]
    public async Task A_tape_that_an_await_leaves_behind_is_not_found_by_other_work()
    {
        using CpuDevice device = new(1);

        // Pool threads on which methods were left with a tape open, over and over, and other work in between.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 50; i++)
            {
                Assert.Null(Tape.Current);
                int thread = Environment.CurrentManagedThreadId;
                using Tape tape = new(device);
                Tensor x = Tensor.Full([10], i);
                await Task.Yield();
                if (Environment.CurrentManagedThreadId == thread)
                {
                    Assert.Same(tape, Tape.Current);
                    Assert.Equal(i + 1, (x + 1).ToArray()[9]);
                }
                else
                {
                    Assert.Null(Tape.Current);
                    RefusedWith<InvalidOperationException>("Square: the tape was opened on another thread", () => x.Square());
                }
            }
        })));
        Assert.True(Becomes(0, () => device.MemoryInUse), $"{device.MemoryInUse} bytes are in use");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(Device device, int count)
    {
        for (int i = 0; i < count; i++) Tensor.Full([1000], i, device: device);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LeaveTapeOpen(Device device)
    {
        Thread thread = new(() =>
        {
            Tape tape = new(device);
            _ = Tensor.Zeros([1000]) + 1;
        });
        thread.Start();
        thread.Join();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForgetDevices()
    {
        for (int i = 0; i < 40; i++)
        {
            CpuDevice device = new(4);
            Tensor.Zeros([100], device: device);
        }
    }

    /// <summary>Whether a number comes down to a bound after some collections. The last storages that a thread has used it keeps.</summary>
    private static bool Becomes(long most, Func<long> number)
    {
        using CpuDevice other = new(1);
        using Tensor small = Tensor.Zeros([1], device: other);
        for (int attempt = 0; attempt < 50 && number() > most; attempt++)
        {
            for (int i = 0; i < 40; i++) small.Storage.CopyTo(new float[1].AsSpan());
            Collect();
            Thread.Sleep(attempt);
        }

        return number() <= most;
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
