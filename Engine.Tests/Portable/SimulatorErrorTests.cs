#if !ILGPU
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using Xunit;

namespace Engine.Tests;

/// <summary>Mistakes that a card answers with wrong numbers or silence, and the portable simulator with a sentence.</summary>
public sealed class SimulatorErrorTests : IDisposable
{
    private readonly Context context = Context.Create(builder => builder.CPU(CPUDevice.Nvidia));
    private readonly Accelerator accelerator;

    public SimulatorErrorTests() => accelerator = context.CreateCPUAccelerator(0);

    public void Dispose()
    {
        accelerator.Dispose();
        context.Dispose();
    }

    [Fact]
    public void A_barrier_that_only_some_threads_reach_is_an_error()
    {
        using var data = accelerator.Allocate1D<int>(64);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.HalfAtBarrier);
        var error = Assert.Throws<InvalidOperationException>(() => kernel((1, 64), data.View));
        Assert.Contains(
            "SimulatorKernels.HalfAtBarrier failed in thread (0, 0, 0) of group (0, 0, 0)", error.Message, StringComparison.Ordinal);
        Assert.Contains("thread (32, 0, 0) has returned", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_behind_the_end_names_the_kernel_the_thread_the_index_and_the_length()
    {
        using var data = accelerator.Allocate1D<int>(40);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.WriteBehindTheEnd);
        var error = Assert.Throws<InvalidOperationException>(() => kernel((1, 64), data.View));
        Assert.Equal(
            "Kernel SimulatorKernels.WriteBehindTheEnd failed in thread (40, 0, 0) of group (0, 0, 0): " +
            "Index 40 is outside a view of 40 Int32.",
            error.Message);
        Assert.IsType<IndexOutOfRangeException>(error.InnerException);
    }

    [Fact]
    public void A_failed_launch_leaves_the_accelerator_usable()
    {
        using var data = accelerator.Allocate1D<int>(64);
        var broken = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.HalfAtBarrier);
        var whole = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.WriteBehindTheEnd);
        for (int i = 0; i < 5; i++)
        {
            Assert.Throws<InvalidOperationException>(() => broken((2, 64), data.View));
            whole((1, 64), data.View);
        }

        Assert.All(data.GetAsArray1D(), value => Assert.Equal(1, value));
    }

    [Fact]
    public void An_implicit_kernel_names_the_index_at_which_it_failed()
    {
        using var data = accelerator.Allocate1D<float>(10);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, Affine>(SimulatorKernels.Map);
        var error = Assert.Throws<InvalidOperationException>(() => kernel(12, data.View, data.View, default));
        Assert.Contains(
            "Map failed at index (10) of (12): Index 10 is outside a view of 10 Single.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_without_groups_has_no_barrier()
    {
        using var data = accelerator.Allocate1D<int>(10);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(SimulatorKernels.BarrierWithoutGroup);
        var error = Assert.Throws<InvalidOperationException>(() => kernel(10, data.View));
        Assert.Contains("Group.Barrier needs a kernel with explicit groups", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shared_memory_ends_where_that_of_a_card_ends()
    {
        using var data = accelerator.Allocate1D<float>(1);
        var kernel = accelerator.LoadStreamKernel<ArrayView<float>>(SimulatorKernels.MuchSharedMemory);
        var error = Assert.Throws<InvalidOperationException>(() => kernel((1, 1), data.View));
        Assert.Contains("65536 bytes of shared memory do not fit: 0 of 49152 are taken", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_that_was_never_written_reads_as_NaN_in_every_group()
    {
        using var data = accelerator.Allocate1D<float>(4);
        Assert.All(data.GetAsArray1D(), value => Assert.Equal(float.NaN, value));
        data.View.MemSetToZero(accelerator.DefaultStream);
        accelerator.LoadStreamKernel<ArrayView<float>>(SimulatorKernels.UninitialisedShared)((3, 4), data.View);
        Assert.All(data.GetAsArray1D(), value => Assert.Equal(float.NaN, value));
    }

    [Fact]
    public void A_group_that_is_too_large_is_refused_with_the_limit()
    {
        using var data = accelerator.Allocate1D<int>(10);
        var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.ReverseInGroup);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => kernel((1, 2048), data.View));
        Assert.Contains("2048 threads: at most 1024 fit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Views_check_their_bounds_and_their_alignment()
    {
        using var data = accelerator.Allocate1D<float>(16);
        ArrayView<float> view = data.View;
        Assert.Equal(8, view.SubView(8, 8).Length);
        Assert.Equal(4, view.Cast<Quad>().Length);
        Assert.Equal(3, view.SubView(1, 15).SubView(3, 12).Cast<Quad>().Length);
        var index = Assert.Throws<IndexOutOfRangeException>(() => view.SubView(8, 9));
        Assert.Equal("A sub-view of 9 elements from index 8 does not lie in a view of 16 Single.", index.Message);
        Assert.Throws<IndexOutOfRangeException>(() => view[-1]);
        var cast = Assert.Throws<InvalidOperationException>(() => view.SubView(1, 8).Cast<Quad>());
        Assert.Contains("starts at byte 4", cast.Message, StringComparison.Ordinal);
        data.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view[0]);
    }

    [Fact]
    public void A_question_about_the_group_outside_a_kernel_is_an_error() =>
        Assert.Throws<InvalidOperationException>(() => Group.IdxX);

    [Fact]
    public void Kernels_launched_from_two_threads_do_not_meet()
    {
        Parallel.For(0, 4, i =>
        {
            using var data = accelerator.Allocate1D(Enumerable.Range(0, 128).Select(v => v + i).ToArray());
            var kernel = accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.ReverseInGroup);
            kernel((4, 32), data.View);
            Assert.Equal(Enumerable.Range(0, 4).SelectMany(g => Enumerable.Range((g * 32) + i, 32).Reverse()), data.GetAsArray1D());
        });
    }
}
#endif
