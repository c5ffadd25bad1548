namespace Engine.Tests.Devices;

/// <summary>
/// What is said and what is kept when the memory of a device is used up, and when it is lost: on a simulator that fails by plan.
/// </summary>
[Collection("console")]
public sealed class DeviceFailureTests : IsolatedTests
{
    private const int StepsPerEpoch = 5;

    [Fact]
    public void Memory_that_is_used_up_says_who_asked_for_how_much_and_what_is_free()
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        device.Failures = new FailurePlan { Memory = 100_000 };
        using Tape tape = new(device);
        Tensor x = Tensor.Ones([64, 64]), y = Tensor.Ones([64, 128]);
        OutOfMemoryException e = Assert.Throws<OutOfMemoryException>(() => x.MatMul(y.Detach()).MatMul(Tensor.Ones([128, 64])));
        Assert.Equal(
            "The device has no memory for 32,768 bytes, which a new tensor asked for: 81,920 are in use, and 0 that were kept were given "
            + "back in vain; 18,080 of its 100,000 are free.",
            e.Message);

        e = Assert.Throws<OutOfMemoryException>(() => x.MatMul(y));
        Assert.StartsWith("The device has no memory for 32,768 bytes, which MatMul asked for: ", e.Message);
    }

    [Fact]
    public void Kept_buffers_are_given_back_before_memory_is_called_used_up()
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        device.Failures = new FailurePlan { Memory = 100_000 };
        device.Allocate(DType.Float32, 16 * 1024).Release();
        device.Allocate(DType.Float32, 20 * 1024).Release();
        Assert.Equal((0, 81_920), (device.MemoryInUse, device.MemoryKept));
    }

    [Fact]
    public void Memory_that_is_used_up_in_a_derivative_is_told_so()
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        using Tape tape = new(device);
        Tensor x = tape.Watch(Tensor.Ones([512]));
        Tensor loss = x.Exp().Sin().Mean();
        device.Failures = new FailurePlan { Memory = device.MemoryInUse + device.MemoryKept + 1024 };
        OutOfMemoryException e = Assert.Throws<OutOfMemoryException>(() => tape.Gradient(loss, x));
        Assert.Matches(@"for 2,048 bytes, which (\w+ in )?the derivative of \w+ asked for: ", e.Message);
        Assert.DoesNotContain("derivative", Assert.Throws<OutOfMemoryException>(() => Tensor.Ones([100_000])).Message);
    }

    [Fact]
    public void A_lost_device_says_so_at_every_call_and_is_closed_without_another_word()
    {
        GpuDevice device = GpuRuntime.OpenSimulator();
        using Tensor x = Tensor.Ones([4], device: device);
        device.Failures = new FailurePlan { Launches = device.Activity.Launches };
        DeviceException e = Assert.Throws<DeviceException>(() => Tensor.Ones([4], device: device));
        Assert.StartsWith("Device 'simulator' (", e.Message);
        Assert.Contains(
            ") failed and cannot be used any more: an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS). It showed in "
            + "Move.Fill; a device reports late, so the " +
            "cause may lie before. A kernel went wrong: ", e.Message);
        Assert.IsType<PlannedFailureException>(e.InnerException);
        Assert.Throws<DeviceException>(() => x.ToArray());
        Assert.Throws<DeviceException>(() => x.Storage.CopyFrom<float>([1, 2, 3, 4]));
        Assert.Throws<DeviceException>(device.Synchronize);
        Assert.Throws<DeviceException>(() => device.Allocate(DType.Float32, 100_000));
        device.Dispose();
    }

    [Fact]
    public void A_mistake_of_a_kernel_on_the_simulator_stays_what_it_is()
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        InvalidOperationException mistake = new("a mistake");
        Assert.Same(mistake, Assert.Throws<InvalidOperationException>(() => device.FailLaunch(mistake)));
    }

    [Fact]
    public void Training_on_a_device_that_is_lost_stops_with_a_sentence_and_goes_on_from_the_last_checkpoint_with_the_same_bits()
    {
        string whole = Folder["whole"], lost = Folder["lost"];
        long launches = 0;
        Assert.Equal(0, Train(whole, device => () => launches = device.Activity.Launches).Code);

        // In the middle of a step of the third epoch.
        string error = Train(lost, device =>
        {
            device.Failures = new FailurePlan { Launches = launches * 11 / 20 };
            return () => { };
        }).Failure();
        Assert.Matches(
            @"^lost: Device 'simulator' \(.*\) failed and cannot be used any more: an illegal memory access was encountered " +
            @"\(CUDA_ERROR_ILLEGAL_ADDRESS\)\. It showed in .*\.\r?\n" +
            @"The last checkpoint is intact: .*checkpoint\.safetensors \(epoch \d, \d steps?\)\. To resume: .* --resume\r?\n$", error);
        Assert.Equal((0, ""), (Train(lost, _ => () => { }, "--resume").Code, ""));
        Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(lost));
    }

    [Fact]
    public void A_device_that_is_lost_while_a_checkpoint_is_written_leaves_the_one_before()
    {
        string whole = Folder["whole"], lost = Folder["lost"];
        long downloads = 0;
        Assert.Equal(0, Train(whole, device => () => downloads = device.Activity.Downloads).Code);

        // Nothing is downloaded but for losses and checkpoints, and of a checkpoint more than one thing.
        for (long left = (downloads / 2) - 1; left <= (downloads / 2) + 1; left++)
        {
            string error = Train(lost, device =>
            {
                device.Failures = new FailurePlan { Downloads = left };
                return () => { };
            }).Failure();
            Assert.Contains("The last checkpoint is intact: ", error);
            Assert.Equal(0, Train(lost, _ => () => { }, "--resume").Code);
            Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(lost));
        }
    }

    [Fact]
    public void Training_that_needs_more_memory_than_there_is_names_the_checkpoint_too()
    {
        string error = Train(Folder.Path, device =>
        {
            int steps = 0;
            return () =>
            {
                // After a few steps the pool has all that a step needs.
                if (++steps < 7) return;
                device.Pool.Dispose();
                device.Failures = new FailurePlan { Memory = 0 };
            };
        }).Failure();
        Assert.Matches(
            @"^lost: There is not enough memory for --batch 8: " +
            @"The device has no memory for [\d,]+ bytes, which .+ asked for: .* of its 0 are free\.\r?\n" +
            @"The last checkpoint is intact: .*checkpoint\.safetensors \(epoch 2, 2 steps\)", error);
    }

    [Fact]
    public void A_loss_that_is_NaN_on_a_device_is_found_when_it_is_read_and_nothing_of_it_is_saved()
    {
        string error =
            Train(Folder.Path, _ => () => { }, lossOf: (x, step) => step < 7 ? x.Square().Mean() : (x - 1e6).Log().Mean()).Failure();
        Assert.Matches(
            @"^lost: the loss of net is NaN at step 3 of epoch 2: it was read after later steps, .* ENGINE_GUARD=step .*\.\r?\n" +
            @"The last checkpoint is from before that: .*checkpoint\.safetensors \(epoch 2, 2 steps\)\.\r?\n$", error);
    }

    [Fact]
    public void A_guard_that_looks_at_once_names_the_operation_on_a_device_too()
    {
        using Device device = Device.Open("simulator");
        using Linear net = new(3, 2, ModuleOptions.FromSeed(1, device));
        using FiniteGuard guard = new() { LooksAtOnce = true };
        using Tape tape = new(device);
        Tensor loss = (net.Forward(Tensor.Ones([1, 3])) - 100).Log().Mean();
        Assert.Equal("Log", Assert.Throws<NonFiniteException>(() => tape.Gradients(loss, net.Parameters)).Operation);
    }

    [Fact]
    public void Gradients_are_clipped_on_the_device_as_on_the_host()
    {
        using CpuDevice cpu = new(1);
        using Device simulator = Device.Open("simulator");
        foreach (float scale in (float[])[0.01f, 100, float.PositiveInfinity, float.NaN])
        {
            (float[] onHost, double norm) = Clipped(cpu, scale);
            (float[] found, double foundNorm) = Clipped(simulator, scale);
            Assert.Equal(norm, foundNorm, 1e-10);
            Assert.Equal(onHost, found, (x, y) => x.Equals(y) || Math.Abs(x - y) <= 2e-7 * Math.Abs(x));
        }

        static (float[] Gradients, double Norm) Clipped(Device device, float scale)
        {
            using Tape tape = new(device);
            Tensor a = Tensor.From([scale, -2 * scale, 0.5f], [3]), b = Tensor.From([1f, 2], [2]);
            double norm = GradientClipping.ByNorm([a, b, a], 5);
            return ([.. a.ToArray(), .. b.ToArray()], norm);
        }
    }

    [Fact]
    public void A_driver_that_does_not_do_says_what_to_install()
    {
        Assert.Matches("^there is no NVIDIA driver .* install the driver of the card", Why(new CudaDriver(false))!);
        Assert.Equal(
            "the NVIDIA driver (for CUDA 12.4) finds no card; nvidia-smi lists the cards that it sees, and CUDA_VISIBLE_DEVICES hides "
            + "some where it is set",
            Why(new CudaDriver(true, 100, 12040)));
        Assert.Contains("restart the machine", Why(new CudaDriver(true, 803, 12040))!);
        Assert.StartsWith("the NVIDIA driver does not start (error 999)", Why(new CudaDriver(true, 999))!);
        Assert.Equal("only 1 found, numbered from 0", new CudaDriver(true, 0, 12040, 90).WhyNot(1, _ => 11000));
        Assert.Equal(
            "the NVIDIA driver is too old: it supports CUDA 10.2, and this card needs a driver for CUDA 11.0 or newer; nvidia-smi shows "
            + "the number at its top right",
            Why(new CudaDriver(true, 0, 10020, 80)));
        Assert.Null(Why(new CudaDriver(true, 0, 12040, 90)));
        _ = Why(CudaDriver.Probe());

        static string? Why(CudaDriver driver) => driver.WhyNot(0, _ => 11000);
    }

    [Fact]
    public void What_driver_a_card_needs_is_asked_of_ILGPU()
    {
        Assert.Equal((11000, 11000), (GpuRuntime.NeededVersion(80), GpuRuntime.NeededVersion(90)));
        Assert.InRange(GpuRuntime.NeededVersion(75), 9000, 10000);
    }

    private (int Code, string Output, string Error) Train(
        string folder, Func<GpuDevice, Action> prepare, string? option = null, Func<Tensor, long, Tensor>? lossOf = null)
    {
        ProgramInfo info = new("lost", "A test.", Epochs: 4, Batch: 8, Data: null);
        string[] args = ["--out", folder, "--device", "simulator", "--checkpoint-minutes", "0"];
        return CapturedConsole.Of(() => TrainingProgram.Run(option is null ? args : [.. args, option], info, run =>
        {
            ModuleOptions options = new(run.Random, run.Device);
            using Sequential net = new(new Linear(3, 5, options), new Linear(5, 2, options));
            using Adam adam = new(net.Parameters);
            Action stepped = prepare((GpuDevice)run.Device);
            Trainer trainer = run.Trainer(("net", net), ("adam", adam));
            foreach (int epoch in trainer.Epochs())
            {
                foreach (int _ in trainer.Steps(StepsPerEpoch, run.Batch))
                {
                    using Tape tape = new(run.Device);
                    Tensor y = net.Forward(Tensor.Normal([run.Batch, 3], run.Random));
                    Tensor loss = lossOf is null ? y.Square().Mean() : lossOf(y, trainer.Step);
                    adam.Step(tape.Gradients(loss, net.Parameters));
                    trainer.Report(("loss", loss));
                    stepped();
                }
            }
        }));
    }
}
