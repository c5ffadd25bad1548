using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>ILGPU's contexts and accelerators, set up as the kernels need them.</summary>
internal static class GpuRuntime
{
    /// <summary>
    /// The simulator runs one group at a time; work is cut as for a small card, so that what runs there is what a card runs.
    /// </summary>
    private const int SimulatedMultiprocessors = 32;

    private static readonly Lazy<bool> s_resolver = new(() =>
    {
        // ILGPU imports "cuda" and "OpenCL"; on Linux the driver's files are only found under their versioned names.
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            // An assembly has one resolver, and the program around has set its own: whether that finds the driver shows when a GPU opens.
            return false;
        }
    });

    /// <summary>Opens the device that runs the GPU kernels on the host, thread by thread.</summary>
    internal static GpuDevice OpenSimulator()
    {
        SimulatorFaults.Watch();
        Context context = Context.Create(builder => builder.CPU().Optimize(OptimizationLevel.O2));
        SimulatorAccelerators simulator = new(context);
        const string Description = "ILGPU's CPU accelerator: GPU kernels thread by thread, for tests and teaching";
        return new GpuDevice(
            "simulator", Description, context, simulator.Largest, hasTensorCores: false, SimulatedMultiprocessors, simulator);
    }

    /// <summary>Opens an NVIDIA card that the driver lists.</summary>
    /// <param name="number">Which one, from 0.</param>
    /// <param name="why">Why it does not open, where it does not.</param>
    internal static GpuDevice? TryOpenCuda(int number, out string why) => TryOpen(
        builder => builder.Cuda(),
        context =>
        {
            CudaDevice[] cards = [.. context.Devices.OfType<CudaDevice>()];
            return number < cards.Length ? (cards[number], "")
                : (null, cards.Length > 0 ? $"only {cards.Length} found, numbered from 0" : "the driver shows no card that ILGPU can use");
        },
        $"cuda:{number}",
        out why);

    /// <summary>
    /// Opens a GPU of Intel. On cards of other vendors ILGPU 1.5.3 has no warp shuffles in OpenCL, without which there are no reductions,
    /// normalisations, softmax or attention.
    /// </summary>
    /// <param name="number">Which one, from 0.</param>
    /// <param name="none">What to say where there is no GPU.</param>
    /// <param name="why">Why it does not open, where it does not.</param>
    internal static GpuDevice? TryOpenOpenCl(int number, string none, out string why) => TryOpen(
        builder => builder.OpenCL(device => device.DeviceType == CLDeviceType.CL_DEVICE_TYPE_GPU),
        context =>
        {
            CLDevice[] cards = [.. context.Devices.OfType<CLDevice>()];
            if (number >= cards.Length) return (null, cards.Length > 0 ? $"only {cards.Length} found, numbered from 0" : none);
            return WhyNotOpenCl(cards[number].Vendor, cards[number].Name) is { } reason ? (null, reason) : (cards[number], "");
        },
        $"opencl:{number}",
        out why);

    /// <summary>Why the kernels cannot run on a GPU through OpenCL; null where they can.</summary>
    internal static string? WhyNotOpenCl(CLDeviceVendor vendor, string name) => vendor == CLDeviceVendor.Intel
        ? null
        : $"{name} is not a GPU of Intel, and on others ILGPU 1.5.3 has no warp shuffles in OpenCL, which reductions, softmax, "
            + "normalisations and attention need; an NVIDIA card runs them as cuda, and the host as cpu";

    private static GpuDevice? TryOpen(
        Func<Context.Builder, Context.Builder> devices, Func<Context, (ILGPU.Runtime.Device? Device, string Why)> find, string name,
        out string why)
    {
        Context? context = null;
        try
        {
            _ = s_resolver.Value;
            context = Context.Create(builder => Optimized(devices(builder)));
            (ILGPU.Runtime.Device? found, why) = find(context);
            if (found is null)
            {
                context.Dispose();
                return null;
            }

            Accelerator accelerator = found.CreateAccelerator(context);
            ForgetUniformBranches(context);
            bool hasTensorCores = accelerator is CudaAccelerator { Architecture: { Major: >= 8 } };
            return new GpuDevice(name, accelerator.Name, context, accelerator, hasTensorCores, accelerator.NumMultiprocessors);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            context?.Dispose();
            why = $"the driver does not open: {e.Message.TrimEnd('.')}";
            return null;
        }
    }

    /// <summary>
    /// The CUDA version that ILGPU needs for a card, as 1000 major + 10 minor. It compiles for sm_80 where a card is newer.
    /// </summary>
    internal static int NeededVersion(int capability)
    {
        CudaArchitecture architecture = new(capability / 10, capability % 10);
        if (architecture > CudaArchitecture.SM_80) architecture = CudaArchitecture.SM_80;
        _ = CudaAccelerator.TryGetInstructionSet(architecture, CudaDriverVersion.FromMajorMinor(0, 0), out CudaDriverVersion needed, out _);
        return (1000 * needed.Major) + (10 * needed.Minor);
    }

    /// <summary>At O2 ILGPU tells global from shared memory and emits the loads of each.</summary>
    internal static void Optimized(Context.Builder builder) => builder.Optimize(OptimizationLevel.O2).PTXBackend(PTXBackendMode.Enhanced);

    /// <summary>
    /// Keeps ILGPU from writing <c>bra.uni</c>. At O2 it declares branches uniform, all threads of a warp going one way, and is wrong where
    /// the condition comes from the index of an implicitly grouped kernel, or through a value that two branches have set differently: the
    /// driver's compiler may rely on it. That is decided when code is written, at the level of the context then; the passes of O2 were
    /// chosen when the accelerator was made.
    /// </summary>
    internal static void ForgetUniformBranches(Context context) =>
        typeof(ContextProperties)
            .GetProperty(nameof(ContextProperties.OptimizationLevel))!.SetValue(context.Properties, OptimizationLevel.O1);

    /// <summary>
    /// Called before a kernel is compiled, by one thread at a time. A context keeps the types and methods of the kernels before, and with
    /// them in it ILGPU finds less to optimise in what comes after: functors, which a kernel compiled alone holds in registers, then lie
    /// in local memory. Kernels that are loaded already stay as they are.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="clear">Clears what compiles in it, an accelerator or a backend.</param>
    internal static void ForgetKernels(Context context, Action<ClearCacheMode> clear)
    {
        context.ClearCache(ClearCacheMode.Everything);
        clear(ClearCacheMode.Everything);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        string? file = name switch { "cuda" => "libcuda.so.1", "OpenCL" => "libOpenCL.so.1", _ => null };
        return file is not null && OperatingSystem.IsLinux() && NativeLibrary.TryLoad(file, out nint library) ? library : 0;
    }
}
