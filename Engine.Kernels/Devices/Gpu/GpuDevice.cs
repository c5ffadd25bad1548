using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Engine.Kernels.Mapping.Gpu;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// A device that runs the ILGPU kernels: the simulator or a GPU. All its work goes to one stream, in order, and the
/// host waits only where a value comes back.
/// </summary>
internal sealed class GpuDevice : Device
{
    private readonly Context _context;
    private readonly ConcurrentDictionary<MethodInfo, Delegate> _launchers = new();
    private readonly Lazy<StagingMemory> _staging;
    private readonly SimulatorAccelerators? _simulator;
    private bool _isLost;
    private long _launchStart;

    internal GpuDevice(string name, string description, Context context, Accelerator accelerator, bool hasTensorCores,
        int multiprocessors, SimulatorAccelerators? simulator = null) : base(name)
    {
        _context = context;
        _simulator = simulator;
        HasTensorCores = hasTensorCores;
        Multiprocessors = multiprocessors;
        Accelerator = accelerator;
        Description = description;
        Pool = new GpuMemoryPool(this);
        _staging = new Lazy<StagingMemory>(() => new StagingMemory(this));
        Tables = new ChunkTables(this);
    }

    public override string Description { get; }

    public override long MemoryInUse => Pool.InUse;

    public override long MemoryKept => Pool.Kept;

    internal Accelerator Accelerator { get; }

    /// <summary>
    /// Whether it is an NVIDIA card of compute capability 8.0 or above: with cp.async, ldmatrix, and mma.sync of TF32 and bfloat16.
    /// </summary>
    internal bool HasTensorCores { get; }

    /// <summary>For how many multiprocessors work is cut.</summary>
    internal int Multiprocessors { get; }

    internal GpuMemoryPool Pool { get; }

    /// <summary>What kernels over many arrays know of them.</summary>
    internal ChunkTables Tables { get; }

    /// <summary>Whether a buffer has an address that a kernel may find in memory: OpenCL's have none.</summary>
    internal bool HasAddresses => Accelerator.AcceleratorType != AcceleratorType.OpenCL;

    /// <summary>Where uploads go through.</summary>
    internal StagingMemory Staging => _staging.Value;

    /// <summary>Whether it is ILGPU's CPU accelerator: there what a kernel must not do is looked for.</summary>
    internal bool IsSimulator => _simulator is not null;

    internal DeviceActivity Activity { get; } = new();

    /// <summary>How the device is to fail, in a test of that.</summary>
    internal FailurePlan? Failures { get; set; }

    /// <summary>True to launch nothing, so that a test measures what the host does for a launch alone.</summary>
    internal bool SkipsLaunches { get; set; }

    /// <summary>The device's memory that nobody holds, and all of it, in bytes; null where its driver does not tell.</summary>
    internal (long Free, long Total)? Memory
    {
        get
        {
            if (Failures is { Memory: < long.MaxValue } plan) return (plan.Memory - Pool.InUse - Pool.Kept, plan.Memory);
            try
            {
                if (Accelerator is CudaAccelerator cuda) return (cuda.GetFreeMemory(), cuda.MemorySize);
            }
            catch (AcceleratorException)
            {
                // It is asked for beside a failure, which must not be lost for it.
            }
            return null;
        }
    }

    internal override long MemoryAvailable =>
        IsSimulator ? base.MemoryAvailable : Memory is var (free, _) ? free + Pool.Kept : Accelerator.MemorySize - Pool.InUse;

    public override void Synchronize()
    {
        Activity.Waits++;
        try
        {
            Failures?.Check(Activity);
            Accelerator.Synchronize();
        }
        catch (Exception e) when (DriverFailure.Is(e))
        {
            throw Failed(e);
        }

        if (IsSimulator) SimulatorFaults.ThrowIfAny();
    }

    /// <summary>
    /// What launches a kernel on this device. The kernel is compiled for it at the first call and kept: loading costs milliseconds.
    /// </summary>
    /// <param name="kernel">The kernel method.</param>
    /// <param name="load">Loads it: one of ILGPU's Load...StreamKernel methods.</param>
    internal TLauncher Launcher<TKernel, TLauncher>(TKernel kernel, Func<Accelerator, TKernel, TLauncher> load)
        where TKernel : Delegate
        where TLauncher : Delegate
    {
        if (SkipsLaunches) _launchStart = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            return (TLauncher)_launchers.GetOrAdd(
                kernel.Method, static (_, state) => state.device.Load(state.kernel, state.load), (load, device: this, kernel));
        }
        catch (Exception e) when (DriverFailure.Is(e))
        {
            throw Failed(e);
        }
    }

    /// <summary>Called before each launch; false where it is to be left out.</summary>
    internal bool BeginLaunch()
    {
        Activity.Launches++;
        Failures?.Check(Activity);
        return !SkipsLaunches;
    }

    /// <summary>Called after each launch.</summary>
    internal void EndLaunch()
    {
        if (SkipsLaunches) Activity.LaunchBytes += GC.GetAllocatedBytesForCurrentThread() - _launchStart;
    }

    /// <summary>Called with what a launch threw.</summary>
    internal void FailLaunch(Exception e)
    {
        if (DriverFailure.Is(e)) throw Failed(e);
        ExceptionDispatchInfo.Throw(e);
    }

    /// <summary>The exception to throw in place of the driver's.</summary>
    internal Exception Failed(Exception e)
    {
        if (DriverFailure.IsOutOfMemory(e)) return HostMemoryPool.Exhausted(null, Pool.InUse, 0, Memory, e);
        _isLost = true;
        return DriverFailure.Lost(this, e);
    }

    private TLauncher Load<TKernel, TLauncher>(TKernel kernel, Func<Accelerator, TKernel, TLauncher> load)
        where TKernel : Delegate
        where TLauncher : Delegate
    {
        if (_simulator is null)
        {
            lock (_context)
            {
                GpuRuntime.ForgetKernels(_context, Accelerator.ClearCache);
                return KernelLaunch.Framed(this, load(Accelerator, kernel));
            }
        }

        return SimulatorAccelerators.IsExplicitlyGrouped<TLauncher>()
            ? KernelLaunch.Framed(this, new GroupLaunchers<TLauncher>(_simulator, accelerator => load(accelerator, kernel)))
            : KernelLaunch.Framed(this, _simulator.LoadSingle<TKernel, TLauncher>(kernel));
    }

    private protected override Storage Create(DType dtype, int length) => new GpuStorage(this, dtype, length);

    // ILGPU's own objects have finalisers of their own, and which of them have run is not known here.
    private protected override void Forget()
    {
    }

    private protected override void Close()
    {
        try
        {
            if (_staging.IsValueCreated)
            {
                // What was uploaded may still be on its way.
                if (!_isLost) Accelerator.Synchronize();
                _staging.Value.Dispose();
            }

            Pool.Dispose();
            if (_simulator is null) Accelerator.Dispose();
            else _simulator.Dispose();
            _context.Dispose();
        }
        catch (Exception e) when (DriverFailure.Is(e))
        {
            // A lost device cannot take anything back; the failure that lost it was told, unless it shows only now.
            if (!_isLost) throw Failed(e);
        }
    }
}

/// <summary>The operations of a device since it was opened; approximate where several threads use it at once.</summary>
internal sealed class DeviceActivity
{
    /// <summary>Kernels that were launched.</summary>
    internal long Launches { get; set; }

    /// <summary>Copies from the host to the device.</summary>
    internal long Uploads { get; set; }

    /// <summary>Copies from the device to the host; the host waits for each.</summary>
    internal long Downloads { get; set; }

    /// <summary>Times that the host waited for the device, downloads included.</summary>
    internal long Waits { get; set; }

    /// <summary>
    /// Bytes of the managed heap that were allocated between asking for a launcher and the end of a launch, where launches are skipped.
    /// </summary>
    internal long LaunchBytes { get; set; }
}
