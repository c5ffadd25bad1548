using ILGPU;

namespace Engine.Kernels.Portable;

/// <summary>
/// The shared memory of one group. ILGPU reserves it while it compiles, per call; here the n-th request of every thread means the same
/// memory, which comes to the same as long as no request stands in a loop or behind a condition that only some threads pass.
/// </summary>
internal sealed class SharedSpace(KernelRun run, SharedMemoryConfig dynamic) : IDisposable
{
    private readonly List<object> views = [];
    private readonly int capacity = run.Accelerator.MaxSharedMemoryPerGroup;
    private ScratchBuffer? memory;
    private ArrayView<byte> dynamicView;

    public ArrayView<T> Allocate<T>(KernelThread thread, int length)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        int request = thread.SharedAllocations++;
        if (request == views.Count)
        {
            views.Add(Reserve<T>(length));
        }

        return views[request] is ArrayView<T> view && view.Length == length
            ? view
            : throw new InvalidOperationException(
                $"shared memory request {request} is for {length} {typeof(T).Name}, but another thread of the group asked for " +
                $"{views[request].GetType().GenericTypeArguments[0].Name}{views[request]}. All threads have to ask for the same.");
    }

    public ArrayView<T> Dynamic<T>()
        where T : unmanaged => dynamicView.Cast<T>();

    public void Clear()
    {
        views.Clear();
        memory?.Clear();
        dynamicView = dynamic.UsesDynamicSharedMemory ? Reserve<byte>(dynamic.ArraySize) : default;
    }

    public void Dispose() => memory?.Dispose();

    private ArrayView<T> Reserve<T>(int length)
        where T : unmanaged
    {
        memory ??= new ScratchBuffer(run.Accelerator, capacity);
        return memory.TryAllocate(length, out ArrayView<T> view)
            ? view
            : throw new InvalidOperationException(
                $"{(long)length * ArrayView<T>.ElementSize} bytes of shared memory do not fit: {memory.Used} of {capacity} are taken.");
    }
}
