using Engine.Kernels.Devices.Gpu;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Engine.Bench.Sass;

/// <summary>
/// Compiles kernels to PTX as an NVIDIA card's accelerator does; no card is needed for this. One kernel at a time, and each once.
/// </summary>
/// <param name="architecture">The architecture; of newer ones ILGPU uses what sm_80 has.</param>
internal sealed class PtxCompiler(CudaArchitecture architecture) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(CatalogKernel, KernelSpecialization), string> _compiled = [];
    private Context? _context;
    private PTXBackend? _backend;

    public void Dispose()
    {
        _backend?.Dispose();
        _context?.Dispose();
        (_backend, _context) = (null, null);
    }

    /// <summary>The PTX of a kernel.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="bounds">The group size that it is limited to, as <c>.maxntid</c>, and groups of a multiprocessor.</param>
    internal string Compile(CatalogKernel kernel, KernelSpecialization bounds)
    {
        EntryPointDescription entry = kernel.Group == 0
            ? EntryPointDescription.FromImplicitlyGroupedKernel(kernel.Method)
            : EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method);
        lock (_lock)
        {
            if (_compiled.TryGetValue((kernel, bounds), out string? known)) return known;
            try
            {
                PTXBackend backend = Backend();
                GpuRuntime.ForgetKernels(_context!, backend.ClearCache);
                return _compiled[(kernel, bounds)] = ((PTXCompiledKernel)backend.Compile(entry, bounds)).PTXAssembly;
            }
            catch
            {
                // A context in which a kernel has failed compiles no other.
                Dispose();
                throw;
            }
        }
    }

    private PTXBackend Backend()
    {
        if (_backend is not null) return _backend;
        _context = Context.Create(builder => GpuRuntime.Optimized(builder.CPU()));
        _backend = new PTXBackend(_context, architecture, CudaInstructionSet.ISA_78, null!);
        GpuRuntime.ForgetUniformBranches(_context);
        return _backend;
    }
}
