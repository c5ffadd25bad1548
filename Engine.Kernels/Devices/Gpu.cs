#if ILGPU
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
#endif

namespace Engine.Kernels;

/// <summary>Opens GPUs by kind and number; in a build without ILGPU it says so.</summary>
internal static class Gpu
{
#if ILGPU
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

    private const string NoOpenCl = "there is no OpenCL driver with a GPU; install the one of the card's maker, after which clinfo lists it";

    /// <summary>Opens a GPU.</summary>
    /// <param name="kind"><c>cuda</c> or <c>opencl</c>.</param>
    /// <param name="number">Which one, from 0.</param>
    /// <param name="why">Why it does not open, where it does not.</param>
    internal static Device? TryOpen(string kind, int number, out string why)
    {
        Context? context = null;
        try
        {
            _ = s_resolver.Value;

            context = Context.Create(builder => Optimized(kind == "cuda"
                ? builder.Cuda()
                : builder.OpenCL(device => device.DeviceType == CLDeviceType.CL_DEVICE_TYPE_GPU)));

            // Where there is no such device, ILGPU puts its CPU accelerator into the context.
            AcceleratorType type = kind == "cuda" ? AcceleratorType.Cuda : AcceleratorType.OpenCL;
            ILGPU.Runtime.Device[] devices = [.. context.Devices.Where(device => device.AcceleratorType == type)];
            int count = devices.Length;
            if (number >= count)
            {
                why = (kind == "cuda" ? CudaDriver.Probe().WhyNot(number, NeededVersion) : null)
                    ?? (count > 0 ? $"only {count} found, numbered from 0" : kind == "cuda" ? "the driver shows no card that ILGPU can use" : NoOpenCl);
                context.Dispose();
                return null;
            }

            Accelerator accelerator = devices[number].CreateAccelerator(context);
            ForgetUniformBranches(context);
            why = "";
            bool hasTensorCores = accelerator is CudaAccelerator { Architecture: { Major: >= 8 } };
            return new IlgpuDevice($"{kind}:{number}", accelerator.Name, context, accelerator, hasTensorCores, accelerator.NumMultiprocessors);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            context?.Dispose();
            why = (kind == "cuda" ? CudaDriver.Probe().WhyNot(number, NeededVersion) : null) ?? $"the driver does not open: {e.Message.TrimEnd('.')}";
            return null;
        }
    }

    /// <summary>The CUDA version that ILGPU needs for a card, as 1000 major + 10 minor. It compiles for sm_80 where a card is newer.</summary>
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
    /// Keeps ILGPU from writing <c>bra.uni</c>. At O2 it declares branches uniform, all threads of a warp going one way, and is wrong where the condition comes from the index of an implicitly
    /// grouped kernel, or through a value that two branches have set differently: the driver's compiler may rely on it. That is decided when code is written, at the level of the context
    /// then; the passes of O2 were chosen when the accelerator was made.
    /// </summary>
    internal static void ForgetUniformBranches(Context context) =>
        typeof(ContextProperties).GetProperty(nameof(ContextProperties.OptimizationLevel))!.SetValue(context.Properties, OptimizationLevel.O1);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        string? file = name switch { "cuda" => "libcuda.so.1", "OpenCL" => "libOpenCL.so.1", _ => null };
        return file is not null && OperatingSystem.IsLinux() && NativeLibrary.TryLoad(file, out nint library) ? library : 0;
    }
#else
    /// <summary>Opens a GPU.</summary>
    /// <param name="kind"><c>cuda</c> or <c>opencl</c>.</param>
    /// <param name="number">Which one, from 0.</param>
    /// <param name="why">Why it does not open, where it does not.</param>
    internal static Device? TryOpen(string kind, int number, out string why)
    {
        why = "this build has no ILGPU; build with -p:UseIlgpu=true";
        return null;
    }
#endif
}
