using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

/// <summary>A device that runs the ILGPU kernels: the simulator in every build, GPUs in a build with ILGPU.</summary>
internal sealed class IlgpuDevice : Device
{
    private readonly Context _context;
    private readonly ConcurrentDictionary<MethodInfo, Delegate> _launchers = new();

    internal IlgpuDevice(string name, string description, Context context, Accelerator accelerator, bool hasTensorCores, int multiprocessors) : base(name)
    {
        _context = context;
        HasTensorCores = hasTensorCores;
        Multiprocessors = multiprocessors;
        Accelerator = accelerator;
        Description = description;
        Pool = new IlgpuMemoryPool(accelerator);
        Tables = new ChunkTables(this);
    }

    public override string Description { get; }

    public override long MemoryInUse => Pool.InUse;

    public override long MemoryKept => Pool.Kept;

    internal Accelerator Accelerator { get; }

    /// <summary>Whether it is an NVIDIA card of compute capability 8.0 or above: with cp.async, ldmatrix, and mma.sync of TF32 and bfloat16.</summary>
    internal bool HasTensorCores { get; }

    /// <summary>For how many multiprocessors work is cut.</summary>
    internal int Multiprocessors { get; }

    internal IlgpuMemoryPool Pool { get; }

    /// <summary>What kernels over many arrays know of them.</summary>
    internal ChunkTables Tables { get; }

    /// <summary>Whether a buffer has an address that a kernel may find in memory: OpenCL's have none.</summary>
    internal bool HasAddresses => Accelerator.AcceleratorType != AcceleratorType.OpenCL;

    public override void Synchronize() => Accelerator.Synchronize();

    /// <summary>
    /// What launches a kernel on this device. The kernel is compiled for it at the first call and kept: loading costs milliseconds.
    /// </summary>
    /// <param name="kernel">The kernel method.</param>
    /// <param name="load">Loads it: one of ILGPU's Load...StreamKernel methods.</param>
    internal TLauncher Launcher<TKernel, TLauncher>(TKernel kernel, Func<Accelerator, TKernel, TLauncher> load)
        where TKernel : Delegate
        where TLauncher : Delegate =>
        (TLauncher)_launchers.GetOrAdd(kernel.Method, static (_, state) => state.load(state.Accelerator, state.kernel), (load, Accelerator, kernel));

    private protected override Storage Create(DType dtype, int length) => new IlgpuStorage(this, dtype, length);

    private protected override void Close()
    {
        Pool.Dispose();
        Accelerator.Dispose();
        _context.Dispose();
    }
}
