using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using Xunit;

namespace Engine.Tests;

/// <summary>What a kernel may rely on. With ILGPU in the build the very same tests run on its own CPU accelerator.</summary>
public sealed class SimulatorTests : IDisposable
{
    private readonly Context context = Context.Create(builder => builder.CPU(CPUDevice.Nvidia));
    private readonly Accelerator accelerator;

    public SimulatorTests() => accelerator = context.CreateCPUAccelerator(0);

    public void Dispose()
    {
        accelerator.Dispose();
        context.Dispose();
    }

    [Fact]
    public void A_generic_kernel_takes_a_struct_functor()
    {
        using var x = Allocate([1f, 2f, 3f, 4f, 5f]);
        using var y = accelerator.Allocate1D<float>(5);
        var map = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, Affine>(SimulatorKernels.Map);
        map(5, x.View, y.View, new Affine(2f, 0.5f));
        Assert.Equal([2.5f, 4.5f, 6.5f, 8.5f, 10.5f], Read(y));
    }

    [Fact]
    public void A_kernel_over_two_dimensions_sees_every_pair_once()
    {
        using var source = Allocate([.. Enumerable.Range(0, 15)]);
        using var target = accelerator.Allocate1D<int>(15);
        var transpose = accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView<int>, ArrayView<int>, int, int>(
            SimulatorKernels.Transpose);
        transpose(new Index2D(5, 3), source.View, target.View, 5, 3);
        Assert.Equal([0, 5, 10, 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14], Read(target));
    }

    [Fact]
    public void Grid_and_group_give_every_thread_its_own_coordinates()
    {
        using var target = accelerator.Allocate1D<int>(4 * 6 * 2);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.Coordinates);
        kernel((new Index3D(2, 3, 1), new Index3D(2, 2, 2)), target.View);
        accelerator.Synchronize();
        int[] found = Read(target);
        for (int z = 0; z < 2; z++)
        {
            for (int y = 0; y < 6; y++)
            {
                for (int x = 0; x < 4; x++)
                {
                    int expected = (x / 2 * 1000000) + (y / 2 * 100000) + (x % 2 * 1000) + (y % 2 * 100) + (z * 10) + 1;
                    Assert.Equal(expected, found[x + (4 * (y + (6 * z)))]);
                }
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(3, 64)]
    [InlineData(2, 256)]
    public void A_barrier_lets_a_group_reverse_its_data_through_shared_memory(int groups, int size)
    {
        using var data = Allocate([.. Enumerable.Range(0, groups * size)]);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.ReverseInGroup);
        kernel((groups, size), data.View);
        accelerator.Synchronize();
        int[] expected = [.. Enumerable.Range(0, groups).SelectMany(g => Enumerable.Range(g * size, size).Reverse())];
        Assert.Equal(expected, Read(data));
    }

    [Fact]
    public void A_tree_sum_adds_what_a_loop_adds()
    {
        using var x = Allocate([.. Enumerable.Range(1, 256).Select(i => (float)i)]);
        using var sums = accelerator.Allocate1D<float>(2);
        var kernel = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>>(SimulatorKernels.TreeSum);
        kernel((2, 128), x.View, sums.View);
        accelerator.Synchronize();
        Assert.Equal([8256f, 24640f], Read(sums));
    }

    [Fact]
    public void Shuffles_add_up_a_warp()
    {
        using var x = Allocate([.. Enumerable.Range(0, 128)]);
        using var sums = accelerator.Allocate1D<int>(4);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(SimulatorKernels.WarpSum);
        kernel((2, 64), x.View, sums.View);
        accelerator.Synchronize();
        Assert.Equal([496, 1520, 2544, 3568], Read(sums));
    }

    [Fact]
    public void A_shuffle_reads_the_lane_it_names_and_keeps_its_own_value_beyond_the_warp()
    {
        using var target = accelerator.Allocate1D<int>(32 * 4);
        accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.Shuffles)((1, 32), target.View);
        accelerator.Synchronize();
        int[] found = Read(target);
        for (int lane = 0; lane < 32; lane++)
        {
            int[] expected = [lane ^ 5, lane + 3 < 32 ? lane + 3 : lane, lane >= 2 ? lane - 2 : lane, 70];
            Assert.Equal(expected, found[(lane * 4)..((lane * 4) + 4)]);
        }
    }

    [Fact]
    public void Atomics_lose_nothing()
    {
        int[] values = [.. Enumerable.Range(0, 1000).Select(i => i * i % 7)];
        using var x = Allocate(values);
        using var bins = Allocate(new int[7]);
        using var total = Allocate(new float[1]);
        using var largest = Allocate([-5]);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<int>>(
            SimulatorKernels.Histogram);
        kernel(1000, x.View, bins.View, total.View, largest.View);
        accelerator.Synchronize();
        Assert.Equal(Enumerable.Range(0, 7).Select(v => values.Count(value => value == v)), Read(bins));
        Assert.Equal(500f, Read(total)[0]);
        Assert.Equal(values.Max(), Read(largest)[0]);
    }

    [Fact]
    public void Local_memory_belongs_to_one_thread()
    {
        using var data = Allocate([.. Enumerable.Range(0, 80)]);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(SimulatorKernels.LocalReverse)(10, data.View);
        accelerator.Synchronize();
        Assert.Equal(Enumerable.Range(0, 10).SelectMany(i => Enumerable.Range(i * 8, 8).Reverse()), Read(data));
    }

    [Fact]
    public void A_view_of_floats_is_read_four_at_a_time()
    {
        using var x = Allocate([1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f]);
        using var y = Allocate([.. Enumerable.Repeat(10f, 8)]);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(SimulatorKernels.AddQuads)(2, x.View, y.View);
        accelerator.Synchronize();
        Assert.Equal([11f, 12f, 13f, 14f, 15f, 16f, 17f, 18f], Read(y));
    }

    [Fact]
    public void Bits_and_elementary_functions_are_the_hosts()
    {
        using var x = Allocate([1.5f, -2f]);
        using var y = accelerator.Allocate1D<float>(2);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(SimulatorKernels.Bits)(2, x.View, y.View);
        accelerator.Synchronize();
        Assert.Equal([0f, 4f], Read(y));
    }

    [Fact]
    public void A_group_counts_and_broadcasts()
    {
        using var x = Allocate([.. Enumerable.Range(0, 96).Select(i => (i % 3) - 1)]);
        using var counts = accelerator.Allocate1D<int>(2);
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(SimulatorKernels.CountInGroup)((2, 48), x.View, counts.View);
        accelerator.Synchronize();
        Assert.Equal([15999, 15999], Read(counts));
    }

    [Fact]
    public void Dynamic_shared_memory_is_as_long_as_the_launch_says()
    {
        using var target = accelerator.Allocate1D<int>(32);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.Grow);
        kernel((1, 32, SharedMemoryConfig.RequestDynamic<int>(32)), target.View);
        accelerator.Synchronize();
        Assert.Equal(Enumerable.Range(0, 32).Select(i => 2 * (31 - i)), Read(target));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(17, 5, 33)]
    public void A_tiled_product_matches_the_plain_one(int m, int n, int k)
    {
        float[] a = [.. Enumerable.Range(0, m * k).Select(i => (i % 7) - 3f)];
        float[] b = [.. Enumerable.Range(0, k * n).Select(i => (i % 5) - 2f)];
        using var bufferA = Allocate(a);
        using var bufferB = Allocate(b);
        using var bufferC = accelerator.Allocate1D<float>(m * n);
        var kernel = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int, int>(
            SimulatorKernels.TiledMatMul);
        kernel((new Index2D((n + 15) / 16, (m + 15) / 16), new Index2D(16, 16)), bufferA.View, bufferB.View, bufferC.View, m, n, k);
        accelerator.Synchronize();
        float[] c = Read(bufferC);
        for (int i = 0; i < m * n; i++)
        {
            Assert.Equal(Enumerable.Range(0, k).Sum(t => a[(i / n * k) + t] * b[(t * n) + (i % n)]), c[i]);
        }
    }

    [Fact]
    public void An_empty_launch_and_a_group_that_is_too_large_are_refused()
    {
        using var data = accelerator.Allocate1D<int>(10);
        var grouped = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.ReverseInGroup);
        var each = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(SimulatorKernels.LocalReverse);
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped((1, 2048), data.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => grouped((0, 16), data.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => each(0, data.View));
    }

    [Fact]
    public void A_kernel_that_takes_a_bool_is_refused() =>
        Assert.Throws<ArgumentException>(
            () => accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, bool>(SimulatorKernels.TakesBool));

    [Fact]
    public void A_kernel_that_captures_a_variable_is_refused()
    {
        int captured = accelerator.WarpSize;
        Assert.Throws<NotSupportedException>(
            () => accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>((i, view) => view[i] = captured));
    }

    private MemoryBuffer1D<T, Stride1D.Dense> Allocate<T>(T[] data)
        where T : unmanaged => accelerator.Allocate1D(data);

    private static T[] Read<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer)
        where T : unmanaged => buffer.GetAsArray1D();
}
