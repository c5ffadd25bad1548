using Engine.Kernels.Devices.Gpu;
using Engine.Kernels.Reductions;
using ILGPU;
using ILGPU.Runtime;
using Device = Engine.Kernels.Device;

namespace Engine.Tests.Gpu;

/// <summary>Kernels of a program's own, as the lesson on kernels has them.</summary>
[Collection("simulator")]
public sealed class GpuKernelsTests
{
    [Fact]
    public void A_kernel_of_ones_own_runs_between_those_of_the_engine()
    {
        Device device = KernelDevice.Shared;
        Storage x = device.Allocate(DType.Float32, 6), sums = device.Allocate(DType.Float32, 2);
        x.CopyFrom<float>([1, 2, 3, 4, 5, 6]);
        device.Launcher(Kernels.Double, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            x.Length, x.ViewOf<float>());
        Reduce.Sum(x, [2, 3], [1], sums);
        device.Launcher(Kernels.Reversed, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            new KernelConfig(1, 2), sums.ViewOf<float>());
        float[] found = new float[2];
        sums.CopyTo<float>(found);
        Assert.Equal([30, 12], found);
        x.Release();
        sums.Release();
    }

    [Fact]
    public void The_host_and_other_types_are_refused()
    {
        using CpuDevice cpu = new(1);
        Storage host = cpu.Allocate(DType.Float32, 1), gpu = KernelDevice.Shared.Allocate(DType.Int32, 1);
        Assert.Contains("'cpu'", Assert.Throws<ArgumentException>(() => cpu.Launcher(
            Kernels.Double, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))).Message);
        Assert.Contains("'cpu'", Assert.Throws<ArgumentException>(() => host.ViewOf<float>()).Message);
        Assert.Contains("holds Int32, not Float32", Assert.Throws<ArgumentException>(() => gpu.ViewOf<float>()).Message);
        gpu.Release();
        Assert.Throws<ObjectDisposedException>(() => gpu.ViewOf<int>());
        host.Release();
    }

    /// <summary>As a program has them: public methods of a public class.</summary>
    public static class Kernels
    {
        public static void Double(Index1D i, ArrayView<float> x) => x[i] = 2 * x[i];

        public static void Reversed(ArrayView<float> x)
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(2);
            shared[Group.IdxX] = x[Group.IdxX];
            Group.Barrier();
            x[Group.IdxX] = shared[1 - Group.IdxX];
        }
    }
}
