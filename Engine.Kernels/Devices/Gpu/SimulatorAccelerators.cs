using System.Reflection;
using ILGPU.Runtime.CPU;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// The accelerators of the simulator: one for each size of group. ILGPU's CPU accelerator keeps an OS thread for each thread of a group,
/// and every launch wakes all threads that it ever started and waits for them three times, however small the group of the kernel is: 60 ms
/// of a core with 256 threads, 1 ms with a warp, 0.1 ms with one thread. They share a context, and memory of one is memory of all.
/// </summary>
internal sealed class SimulatorAccelerators : IDisposable
{
    private const int WarpSize = 32, MaxWarps = 8;

    private readonly Lock _gate = new();
    private readonly Context _context;
    private readonly Dictionary<int, Accelerator> _byWarps = [];
    private Accelerator? _single;

    internal SimulatorAccelerators(Context context)
    {
        _context = context;
        Largest = OfGroup(WarpSize * MaxWarps);
    }

    /// <summary>The accelerator with the largest groups, of 256 threads; memory is allocated here.</summary>
    internal Accelerator Largest { get; }

    /// <summary>Whether a kernel is launched with groups of its own choice, so that its threads may wait for each other.</summary>
    internal static bool IsExplicitlyGrouped<TLauncher>() where TLauncher : Delegate =>
        typeof(TLauncher).GetMethod("Invoke")!.GetParameters()[0].ParameterType == typeof(KernelConfig);

    /// <summary>
    /// Loads a kernel whose threads know nothing of each other. One thread runs them all, which spares a barrier for each group.
    /// </summary>
    internal TLauncher LoadSingle<TKernel, TLauncher>(TKernel kernel) where TKernel : Delegate where TLauncher : Delegate
    {
        Type[] arguments = typeof(TLauncher).GetGenericArguments();
        MethodInfo load = Array.Find(
            typeof(KernelLoaders).GetMethods(),
            method => method.Name == nameof(KernelLoaders.LoadImplicitlyGroupedStreamKernel)
                && method.GetGenericArguments().Length == arguments.Length
                && method.GetParameters() is [_, { ParameterType.IsGenericType: true }, { ParameterType: { } last }]
                && last == typeof(int))!;
        lock (_gate) _single ??= new CPUDevice(2, 1, 1).CreateCPUAccelerator(_context);
        return Load(_single, accelerator =>
        {
            try
            {
                return (TLauncher)load.MakeGenericMethod(arguments).Invoke(null, [accelerator, kernel, 1])!;
            }
            catch (TargetInvocationException e) when (e.InnerException is { } reason)
            {
                throw reason;
            }
        });
    }

    /// <summary>
    /// Loads a kernel. With many kernels before in its context ILGPU now and then takes a structure for another one and gives up; once it
    /// has forgotten them, it compiles the same kernel.
    /// </summary>
    internal TLauncher Load<TLauncher>(Accelerator accelerator, Func<Accelerator, TLauncher> load)
    {
        lock (_context)
        {
            try
            {
                return load(accelerator);
            }
            catch (InternalCompilerException)
            {
                GpuRuntime.ForgetKernels(_context, accelerator.ClearCache);
                return load(accelerator);
            }
        }
    }

    /// <summary>The accelerator for groups of a size.</summary>
    internal Accelerator OfGroup(int threads)
    {
        int warps = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max((threads + WarpSize - 1) / WarpSize, 1)), MaxWarps);
        lock (_gate)
        {
            if (!_byWarps.TryGetValue(warps, out Accelerator? accelerator))
                _byWarps[warps] = accelerator = new CPUDevice(WarpSize, warps, 1).CreateCPUAccelerator(_context);
            return accelerator;
        }
    }

    public void Dispose()
    {
        _single?.Dispose();
        foreach (Accelerator accelerator in _byWarps.Values) accelerator.Dispose();
    }
}

/// <summary>The launchers of one kernel on the simulator, by the size of its groups, loaded at first use.</summary>
internal sealed class GroupLaunchers<TLauncher>(SimulatorAccelerators accelerators, Func<Accelerator, TLauncher> load)
    where TLauncher : Delegate
{
    private readonly Dictionary<Accelerator, TLauncher> _launchers = [];

    /// <summary>What launches the kernel with groups of a size.</summary>
    public TLauncher For(KernelConfig config)
    {
        Accelerator accelerator = accelerators.OfGroup(config.GroupDim.Size);
        lock (_launchers)
        {
            if (!_launchers.TryGetValue(accelerator, out TLauncher? launcher)) _launchers[accelerator] = launcher =
                accelerators.Load(accelerator, load);
            return launcher;
        }
    }
}
