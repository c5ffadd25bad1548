using ILGPU;
using ILGPU.Runtime;

namespace Engine.Tests.Devices;

/// <summary>Whose kernel it was that did wrong is not known: while these tests run no other uses a simulator.</summary>
[CollectionDefinition("simulator faults", DisableParallelization = true)]
public sealed class SimulatorFaultCollection;

/// <summary>Mistakes of kernels that a card commits in silence, and that the simulator shows.</summary>
[Collection("simulator faults")]
public sealed class SimulatorFaultTests
{
    [Theory, Values(DType.Float32, DType.Float64, DType.Int32)]
    public void What_is_handed_out_is_NaN_or_minus_one_also_where_it_was_used_before(DType type)
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        for (int i = 0; i < 2; i++)
        {
            Storage storage = device.Allocate(type, 5);
            Assert.All(Elements(storage), element => Assert.Equal(type == DType.Int32 ? -1 : double.NaN, element));
            Move.Fill(storage, 0);
            Assert.All(Elements(storage), element => Assert.Equal(0, element));
            storage.Release();
        }
    }

    [Fact]
    public void Writing_behind_the_end_is_told_at_the_next_wait_and_when_the_storage_is_given_back()
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        Storage storage = device.Allocate(DType.Float32, 5);
        var launch = device.Launcher<Action<Index1D, ArrayView<float>>, Action<Index1D, ArrayView<float>>>(
            WriteKernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel));
        launch(6, GpuStorage.ViewOf<float>(storage));
        string told = Assert.Throws<DeviceException>(device.Synchronize).Message;
        Assert.Contains("A kernel did on the simulator", told);

        // It is told once, and what was written before it is there.
        Assert.Equal([0, 1, 2, 3, 4], Elements(storage));
        Refused<DeviceException>("A kernel wrote behind the end of a storage of 5 Float32 on the simulator, at element 5;",
            storage.Release);
    }

    [Theory, Values(32, 256)]
    public void Reading_outside_a_view_in_a_group_that_waits_ends_no_process(int group)
    {
        using GpuDevice device = GpuRuntime.OpenSimulator();
        Storage storage = device.Allocate(DType.Float32, group);
        storage.CopyFrom<float>(new float[group]);
        var launch = device.Launcher<Action<ArrayView<float>, int>, Action<KernelConfig, ArrayView<float>, int>>(
            NeighbourKernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel));
        launch((1, group), GpuStorage.ViewOf<float>(storage), group);
        Assert.Throws<DeviceException>(() => Elements(storage));

        // The device goes on.
        storage.CopyFrom<float>(new float[group]);
        launch((1, group), GpuStorage.ViewOf<float>(storage), group - 1);
        Assert.Equal(new double[group], Elements(storage));
        storage.Release();
    }

    /// <summary>Each thread writes its number, beyond the end too.</summary>
    internal static void WriteKernel(Index1D i, ArrayView<float> x) => x[i] = i;

    /// <summary>Each thread takes what lies at a distance behind it, or wraps round where there are no more.</summary>
    internal static void NeighbourKernel(ArrayView<float> x, int last)
    {
        float next = x[Group.IdxX == last - 1 ? last : Group.IdxX];
        Group.Barrier();
        x[Group.IdxX] = next;
    }

    private static double[] Elements(Storage storage)
    {
        switch (storage.DType)
        {
            case DType.Float32:
                float[] floats = new float[storage.Length];
                storage.CopyTo<float>(floats);
                return Array.ConvertAll(floats, x => (double)x);
            case DType.Float64:
                double[] doubles = new double[storage.Length];
                storage.CopyTo<double>(doubles);
                return doubles;
            default:
                int[] ints = new int[storage.Length];
                storage.CopyTo<int>(ints);
                return Array.ConvertAll(ints, x => (double)x);
        }
    }
}
