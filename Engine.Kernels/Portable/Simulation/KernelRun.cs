using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Portable;

/// <summary>One launch: the kernel's name for error messages, the shape of its grid, the group that is running, local memory.</summary>
internal sealed class KernelRun(string kernel, Accelerator accelerator, Index3D gridDim, Index3D groupDim) : IDisposable
{
    private const int LocalChunkBytes = 64 * 1024;

    private readonly List<ScratchBuffer> local = [];
    private int localChunk;

    public string Kernel { get; } = kernel;

    public Accelerator Accelerator { get; } = accelerator;

    public Index3D GridDim { get; } = gridDim;

    public Index3D GroupDim { get; } = groupDim;

    public int GroupSize { get; } = groupDim.Size;

    public int WarpSize { get; } = accelerator.WarpSize;

    /// <summary>The position of the running group in the grid.</summary>
    public Index3D GridIndex { get; set; }

    /// <summary>Memory of one thread, uninitialised, until its group has ended.</summary>
    public ArrayView<T> AllocateLocal<T>(int length)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        while (true)
        {
            if (localChunk == local.Count)
            {
                local.Add(new ScratchBuffer(Accelerator, Math.Max(LocalChunkBytes, checked(length * ArrayView<T>.ElementSize))));
            }

            if (local[localChunk].TryAllocate(length, out ArrayView<T> view))
            {
                return view;
            }

            localChunk++;
        }
    }

    /// <summary>Takes back what the threads of a group have allocated.</summary>
    public void FreeLocal()
    {
        foreach (ScratchBuffer chunk in local)
        {
            chunk.Clear();
        }

        localChunk = 0;
    }

    public void Dispose()
    {
        foreach (ScratchBuffer chunk in local)
        {
            chunk.Dispose();
        }
    }
}
