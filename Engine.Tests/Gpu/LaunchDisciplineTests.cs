namespace Engine.Tests.Gpu;

/// <summary>
/// What the host does for a training step on a device, with launches left out: how a step runs does not depend on what kernels compute. So
/// the simulator's own allocations are not among what is counted, and every family is measured in no time.
/// </summary>
[Collection("console")]
public sealed class LaunchDisciplineTests : IsolatedTests
{
    private const int WarmUp = 3, Steps = 4, MaxAttempts = 4;

    public static TheoryData<string> Models => [.. TrainedPrograms.Models];

    [Theory, MemberData(nameof(Models))]
    public void A_training_step_neither_copies_to_the_host_nor_waits(string model)
    {
        (DeviceActivity steps, _) = Measure(model, KernelDevice.Name);
        Assert.True(steps.Launches > Steps, "nothing was launched");
        Assert.Equal((0, 0), (steps.Downloads, steps.Waits));
    }

    [Theory, MemberData(nameof(Models))]
    public void A_launch_allocates_nothing_on_the_managed_heap(string model)
    {
        // Around the launches the host's own kernels are the measure: neither may be much above the other. Code that is compiled anew while
        // the one is measured and not while the other is may allocate less from then on: what each launch allocates is found every time.
        long excess = long.MaxValue, launches = 0;
        for (int attempt = 0; attempt < MaxAttempts && excess > 0; attempt++)
        {
            (DeviceActivity steps, long bytes) = Measure(model, KernelDevice.Name);
            Assert.Equal(0, steps.LaunchBytes);
            (_, long onHost) = Measure(model, "cpu:1");
            launches = steps.Launches;
            excess = bytes - onHost - (32 * launches);
        }

        Assert.True(excess <= 0, $"{excess + (32 * launches)} bytes more than on the host, in {launches} launches");
    }

    [Theory, MemberData(nameof(Models))]
    public void A_training_step_takes_its_memory_from_the_pool(string model)
    {
        Run(KernelDevice.Name, run =>
        {
            using Trained trained = new(model, run);
            trained.Step(WarmUp);
            long held = run.Device.MemoryInUse + run.Device.MemoryKept;
            trained.Step(Steps);
            Assert.Equal(held, run.Device.MemoryInUse + run.Device.MemoryKept);
        });
    }

    [Fact]
    public void Readings_are_brought_to_the_host_together_and_hold_no_memory_afterwards()
    {
        using var device = (GpuDevice)KernelDevice.Open();
        Reading[] readings = new Reading[5];
        for (int i = 0; i < readings.Length; i++)
        {
            using Tape tape = new(device);
            readings[i] = Tensor.From([i + 0.5f], [1]).Square();
        }

        Assert.All(readings, reading => Assert.False(reading.IsKnown));
        Assert.Equal(0, device.Activity.Downloads);
        Assert.Equal([0.25, 2.25, 6.25, 12.25, 20.25], readings.Select(reading => reading.Value));
        Assert.All(readings, reading => Assert.True(reading.IsKnown));
        Assert.Equal((1, 0), (device.Activity.Downloads, device.MemoryInUse));
    }

    [Fact]
    public void Readings_that_nobody_asks_for_hold_one_page_at_most()
    {
        using var device = (GpuDevice)KernelDevice.Open();
        using Tensor one = Tensor.Ones([1], device: device);
        long before = device.MemoryInUse;
        for (int i = 0; i < 3 * ReadingPage.Places; i++) _ = (Reading)one;
        Assert.Equal((3, before), (device.Activity.Downloads, device.MemoryInUse));
    }

    [Fact]
    public void A_reading_is_of_one_number_and_on_the_host_known_at_once()
    {
        using CpuDevice cpu = new(1);
        using Tensor two = Tensor.Ones([2], device: cpu), seven = Tensor.Full([1], 7, DType.Int32, cpu);
        Assert.Throws<InvalidOperationException>(() => (Reading)two);
        Reading reading = seven;
        Assert.True(reading.IsKnown);
        Assert.Equal(7, reading.Value);
        Assert.Equal("7.0", $"{reading:F1}");
        Assert.True(reading == 7.0);
    }

    [Fact]
    public void What_is_uploaded_may_be_written_over_at_once_and_the_host_waits_once_in_a_staging_memory()
    {
        using var device = (GpuDevice)KernelDevice.Open();
        int length = (int)(StagingMemory.Largest / sizeof(int)) - 5;
        Storage[] storages = [.. Enumerable.Range(0, 9).Select(_ => device.Allocate(DType.Int32, length))];
        int[] values = new int[length];
        for (int i = 0; i < storages.Length; i++)
        {
            Array.Fill(values, i);
            storages[i].CopyFrom<int>(values);
        }

        Assert.Equal((9, 2), (device.Activity.Uploads, device.Activity.Waits));
        for (int i = 0; i < storages.Length; i++)
        {
            storages[i].CopyTo<int>(values);
            Assert.True(values.AsSpan().IndexOfAnyExcept(i) < 0);
            storages[i].Release();
        }
    }

    [Fact]
    public void Indices_that_came_from_the_host_are_checked_without_bringing_them_back()
    {
        using var device = (GpuDevice)KernelDevice.Open();
        using Tape tape = new(device);
        Tensor table = Tensor.From([1f, 2, 3, 4, 5, 6], [3, 2]), indices = Tensor.From([2, 0], [2]);
        Tensor picked = table.Gather(indices);
        Assert.Equal(0, device.Activity.Downloads);
        Assert.Equal([5, 6, 1, 2], picked.ToArray());
        Refused<ArgumentOutOfRangeException>("found 3 at position 1", () => table.Gather(Tensor.From([0, 3], [2])));

        // What was known is of what came from the host, not of what a kernel writes over it.
        Move.Fill(indices.Storage, 7);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Gather(indices));
    }

    [Theory]
    [InlineData(-100, 0)]
    [InlineData(1, 0)]
    [InlineData(9, 0)]
    [InlineData(null, 1)]
    public void Labels_beside_an_ignored_one_are_checked_without_bringing_them_back(int? ignored, int downloads)
    {
        using var device = (GpuDevice)KernelDevice.Open();
        using Tape tape = new(device);
        int outside = ignored ?? 9;
        Tensor logits = tape.Watch(Tensor.Zeros([4, 3])), labels = Tensor.From([2, outside, 0, outside], [4]);
        if (ignored is null)
            Assert.Throws<ArgumentOutOfRangeException>(() => Loss.CrossEntropy(logits, labels));
        else
            tape.Gradient(Loss.CrossEntropy(logits, labels, ignoreIndex: ignored), logits);
        Assert.Equal(downloads, device.Activity.Downloads);
        long before = device.Activity.Downloads;
        Assert.Equal(0, Loss.CrossEntropy(logits, Tensor.From([5, 5, 5, 5], [4]), ignoreIndex: 5).Item());
        Assert.Equal(before + 1, device.Activity.Downloads);
    }

    /// <summary>What some steps asked of a device, and the bytes that the managed heap gave for them.</summary>
    private (DeviceActivity Steps, long Bytes) Measure(string model, string device)
    {
        DeviceActivity counted = new();
        long bytes = 0;
        Run(device, run =>
        {
            using Trained trained = new(model, run);
            trained.Step(WarmUp);
            DeviceActivity all = (run.Device as GpuDevice)?.Activity ?? new DeviceActivity();
            (long launches, long downloads, long waits, long launchBytes) = (all.Launches, all.Downloads, all.Waits, all.LaunchBytes);
            bytes = GC.GetAllocatedBytesForCurrentThread();
            trained.Step(Steps);
            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            counted.Launches = all.Launches - launches;
            counted.Downloads = all.Downloads - downloads;
            counted.Waits = all.Waits - waits;
            counted.LaunchBytes = all.LaunchBytes - launchBytes;
        });
        return (counted, bytes);
    }

    private void Run(string device, Action<TrainingRun> measure)
    {
        ProgramInfo info = new("launches", "A test.", 1, Batch: 4) { Digits = 40 };
        Exception? failure = null;
        (int code, _, string error) =
            CapturedConsole.Of(() => TrainingProgram.Run(["--device", device, "--out", Folder.Path], info, run =>
        {
            if (run.Device is GpuDevice ilgpu) ilgpu.SkipsLaunches = true;
            failure = Record.Exception(() => measure(run));
        }));
        if (failure is not null) throw failure;
        Assert.Equal((0, ""), (code, error));
    }

    /// <summary>A model and the batch that it takes at every step.</summary>
    private sealed class Trained : IDisposable
    {
        private readonly TrainedModel _model;
        private readonly BatchEpoch _batches;

        internal Trained(string model, TrainingRun run)
        {
            _model = TrainedPrograms.All[model](run);
            _batches = run.Batches(run.LoadImages(28, 28, channels: 1)).Epoch(1, 0);
            Assert.True(_batches.MoveNext());
        }

        internal void Step(int steps)
        {
            for (int i = 0; i < steps; i++) _model.Step(_batches.Current);
        }

        public void Dispose()
        {
            _batches.Dispose();
            _model.Dispose();
        }
    }
}
