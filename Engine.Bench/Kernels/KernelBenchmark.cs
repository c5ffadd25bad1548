using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;

namespace Engine.Bench.Kernels;

/// <summary>
/// One kernel with its parameters. The kernel runs once before it is timed, and <see cref="Check"/> holds what it wrote against a plain
/// loop: a benchmark of wrong values throws.
/// </summary>
public abstract class KernelBenchmark
{
    private static readonly TimeSpan s_untilCompiled = TimeSpan.FromMilliseconds(300);
    private readonly List<Storage> _storages = [];
    private CpuDevice? _device;

    /// <summary>One thread, and all of them.</summary>
    public static IEnumerable<int> ThreadCounts => new[] { 1, Environment.ProcessorCount }.Distinct();

    /// <summary>Threads of the device.</summary>
    [ParamsSource(nameof(ThreadCounts), Priority = 100)]
    public int Threads { get; set; }

    /// <summary>What one call does, for the parameters as they are set.</summary>
    internal abstract Work Work { get; }

    private protected CpuDevice Device => _device ?? throw new InvalidOperationException("The benchmark is not set up.");

    /// <summary>Opens the device, makes the arrays, runs the kernel once and checks what it wrote.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _device = new CpuDevice(Threads);
        Prepare();
        Run();
        Check();

        // A small method that a kernel calls starts unoptimised; it is compiled again after some calls and a tenth of a second.
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < s_untilCompiled) Run();
    }

    /// <summary>Gives arrays and device back.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (Storage storage in _storages) storage.Release();
        _storages.Clear();
        _device?.Dispose();
        _device = null;
    }

    /// <summary>The call that is timed.</summary>
    [Benchmark]
    public void Run() => Call();

    private protected abstract void Call();

    private protected abstract void Prepare();

    private protected abstract void Check();

    /// <summary>An array whose elements are not set.</summary>
    private protected Storage Empty(int length)
    {
        Storage storage = Device.Allocate(DType.Float32, length);
        _storages.Add(storage);
        return storage;
    }

    /// <summary>An array of numbers that are uniform in [low, high), from a fixed seed.</summary>
    private protected Storage Random(int length, double low = -1, double high = 1, int seed = 1)
    {
        Storage storage = Empty(length);
        Random random = new(seed);
        foreach (ref float x in storage.AsSpan<float>()) x = (float)(low + (high - low) * random.NextDouble());
        return storage;
    }

    /// <summary>Holds every element against what a plain loop says.</summary>
    /// <exception cref="InvalidOperationException">An element is further off than <paramref name="tolerance"/>, relative to the value where
    /// that is above 1.</exception>
    private protected void CheckEach(Storage y, Func<int, double> expected, double tolerance = 1e-5)
    {
        ReadOnlySpan<float> found = y.AsSpan<float>();
        for (int i = 0; i < found.Length; i++)
        {
            double wanted = expected(i);
            if (!(Math.Abs(found[i] - wanted) <= tolerance * Math.Max(1, Math.Abs(wanted))))
                throw new InvalidOperationException($"{GetType().Name}: element {i} should be {wanted:R}, found {found[i]:R}.");
        }
    }
}
