using System.Globalization;
using System.Text.RegularExpressions;
using Engine.Bench.Sass;
using Engine.Tests.Gpu;
using ILGPU;
using Group = ILGPU.Group;

namespace Engine.Tests.Ptx;

/// <summary>What a card refuses or hangs at, and the simulator does not: looked for in the text of every kernel.</summary>
public sealed class KernelLimitsTests
{
    private const int MaxGroup = 1024, MaxShared = 48 * 1024;

    [Theory, MemberData(nameof(PtxTests.Kernels), MemberType = typeof(PtxTests))]
    public void A_kernel_keeps_to_the_threads_and_the_shared_memory_of_a_group_and_all_threads_reach_its_barriers(string name)
    {
        CatalogKernel kernel = PtxTests.Kernel(name);
        string ptx = PtxTests.Ptx(kernel);
        Assert.InRange(kernel.Group, 0, MaxGroup);
        Assert.InRange(SharedBytes(ptx), 0, MaxShared);
        Assert.Empty(new PtxFlow(ptx).DivergentBarriers);
    }

    [Theory]
    [InlineData(nameof(SomeWait))]
    [InlineData(nameof(SomeReturn))]
    [InlineData(nameof(SomeGoOn))]
    [InlineData(nameof(OneSideWaits))]
    public void A_barrier_that_only_some_threads_reach_is_found(string kernel) =>
        Assert.NotEmpty(new PtxFlow(Ptx(kernel)).DivergentBarriers);

    [Fact]
    public void Barriers_in_a_loop_that_all_threads_go_round_as_often_are_allowed() =>
        Assert.Empty(new PtxFlow(Ptx(nameof(AllWait))).DivergentBarriers);

    [Fact]
    public void Shared_memory_is_added_up() => Assert.Equal((256 * 4) + (32 * 8), SharedBytes(Ptx(nameof(TwoArrays))));

    internal static void SomeWait(ArrayView<int> x)
    {
        if (Group.IdxX < 7) Group.Barrier();
        x[Group.IdxX] = 1;
    }

    internal static void SomeReturn(ArrayView<int> x)
    {
        if (x[Group.IdxX] < 7) return;
        Group.Barrier();
        x[Group.IdxX] = 1;
    }

    internal static void SomeGoOn(ArrayView<int> x)
    {
        for (int i = Group.IdxX; i < x.IntLength; i += 7)
        {
            Group.Barrier();
            x[i] = 1;
        }
    }

    internal static void OneSideWaits(ArrayView<int> x)
    {
        int times = 1;
        if (Warp.LaneIdx == 3) times = 2;
        if (times > 1) Group.Barrier();
        else x[0] = 3;
        x[Group.IdxX] = 1;
    }

    internal static void AllWait(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(256);
        int sum = 0;
        for (int i = 0; i < x.IntLength; i += 256)
        {
            if (i + Group.IdxX < x.IntLength) shared[Group.IdxX] = x[i + Group.IdxX];
            else shared[Group.IdxX] = 0;
            Group.Barrier();
            sum += shared[255 - Group.IdxX];
            Group.Barrier();
        }

        if (Grid.IdxX > 3) Group.Barrier();
        x[Group.IdxX] = sum;
    }

    internal static void TwoArrays(ArrayView<double> x)
    {
        ArrayView<float> floats = SharedMemory.Allocate<float>(256);
        ArrayView<double> doubles = SharedMemory.Allocate<double>(32);
        floats[Group.IdxX] = (float)x[Group.IdxX];
        doubles[Group.IdxX % 32] = 1;
        Group.Barrier();
        x[Group.IdxX] = floats[255 - Group.IdxX] + doubles[Group.IdxX % 7];
    }

    private static string Ptx(string kernel) => PtxTests.Ptx(KernelCatalog.Find(typeof(KernelLimitsTests), kernel));

    private static int SharedBytes(string ptx) => Regex.Matches(ptx, @"\.shared\s+\.align\s+\d+\s+\.b8\s+\w+\[(\d+)\]")
        .Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
}
