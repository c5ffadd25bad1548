namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// Kernels of a program's own, written for ILGPU, on the simulator and on GPUs, in the memory of the engine's storages and in one stream
/// with the engine's kernels. These are the only public members that name types of ILGPU; a kernel and its class have to be public.
/// </summary>
/// <example>
/// <code>
/// device.Launcher(Kernels.Double, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
///     x.Length, x.ViewOf&lt;float&gt;());
/// </code>
/// </example>
public static class GpuKernels
{
    /// <summary>
    /// What launches a kernel. It is compiled for the device at the first call and kept; a launch returns at once, and
    /// <see cref="Device.Synchronize"/> waits for it.
    /// </summary>
    /// <param name="device">The simulator or a GPU.</param>
    /// <param name="kernel">A public static method of a public class.</param>
    /// <param name="load">Loads it: LoadAutoGroupedStreamKernel for threads that know nothing of each other, LoadStreamKernel for groups
    /// that work together.</param>
    /// <exception cref="ArgumentException">The device runs no such kernels: it is the host.</exception>
    /// <exception cref="DeviceException">The kernel cannot be compiled for the device, or its launch fails.</exception>
    public static TLauncher Launcher<TKernel, TLauncher>(
        this Device device, TKernel kernel, Func<Accelerator, TKernel, TLauncher> load)
        where TKernel : Delegate
        where TLauncher : Delegate
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(load);
        return device is GpuDevice gpu ? gpu.Launcher(kernel, load) : throw new ArgumentException(
            $"Launcher: expected the simulator or a GPU, found device '{device.Name}'.", nameof(device));
    }

    /// <summary>The elements of a storage as kernels see them.</summary>
    /// <typeparam name="T">float, double or int, as the storage holds.</typeparam>
    /// <param name="storage">A storage on the simulator or a GPU.</param>
    /// <exception cref="ArgumentException">The storage is in host memory, or holds another type.</exception>
    /// <exception cref="ObjectDisposedException">The storage was released.</exception>
    public static ArrayView<T> ViewOf<T>(this Storage storage) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(storage);
        if (storage is not GpuStorage elements) throw new ArgumentException(
            $"ViewOf: expected a storage on the simulator or a GPU, found one on device '{storage.Device.Name}'.", nameof(storage));
        if (DTypes.Of<T>() != storage.DType) throw new ArgumentException(
            $"ViewOf: the storage holds {storage.DType}, not {DTypes.Of<T>()}.", nameof(storage));
        return elements.View<T>();
    }
}
