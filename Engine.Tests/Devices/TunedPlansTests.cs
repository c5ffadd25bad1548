using Engine.Kernels.Conv;
using Engine.Kernels.Conv.Gpu;

namespace Engine.Tests.Devices;

/// <summary>Plans that are found by trying, and kept in a file.</summary>
[Collection("simulator")]
public sealed class TunedPlansTests(TwoDevices devices) : IsolatedTests, IClassFixture<TwoDevices>
{
    private string Plans => Folder["deep/plans.txt"];

    [Fact]
    public void The_fastest_candidate_is_kept_and_found_again()
    {
        List<(int, int)> tried = [];
        (int, int)[] candidates = [(2, 1), (3, 1), (3, 4)];
        void Run((int Rung, int Parts) candidate)
        {
            tried.Add(candidate);
            Thread.Sleep(candidate == (3, 1) ? 1 : 15);
        }

        Assert.Equal((3, 1), new TunedPlans(Plans).Find(devices.Gpu, "matmul", "[2, 3]", candidates, Run));
        Assert.Equal(candidates, tried.Distinct());
        tried.Clear();
        TunedPlans again = new(Plans);
        Assert.Equal((3, 1), again.Find(devices.Gpu, "matmul", "[2, 3]", candidates, Run));
        Assert.Empty(tried);

        // Another shape is tried, and so is one whose plan is no candidate any more.
        again.Find(devices.Gpu, "matmul", "[2, 4]", candidates, Run);
        Assert.NotEmpty(tried);
        tried.Clear();
        Assert.Equal((2, 1), new TunedPlans(Plans)
            .Find(devices.Gpu, "matmul", "[2, 3]", [(2, 1), (3, 4)], candidate => Run(candidate == (2, 1) ? (3, 1) : candidate)));
        Assert.NotEmpty(tried);
    }

    [Fact]
    public void A_line_that_cannot_be_read_is_named()
    {
        string path = Folder["plans.txt"];
        File.WriteAllText(path, "# plans\ncard\tmatmul\t[2, 3]\t3\n");
        DeviceException error = Assert.Throws<DeviceException>(() => new TunedPlans(path));
        Assert.Contains("line 2 of " + path, error.Message);
        Assert.Contains("found 'card", error.Message);
    }

    [Fact]
    public void Products_and_convolutions_are_tried_on_their_own_operands_and_leave_their_result_alone()
    {
        GpuDevice simulator = (GpuDevice)devices.Gpu;
        TunedPlans tuned = new(Plans);
        Storage a = TwoDevices.With<float>(simulator, TwoDevices.Random<float>(16 * 130)),
            b = TwoDevices.With<float>(simulator, TwoDevices.Random<float>(130 * 8));
        long before = simulator.MemoryInUse;
        MatMulShape shape = new(16, 8, 130);
        KernelPlan plan = GpuMatMul.Tune(tuned, simulator, KernelRung.RegisterTile, a, b, DType.Float32, shape);
        Assert.Contains(plan, MatMulPlan.Candidates(shape, KernelRung.RegisterTile, simulator.Multiprocessors));
        Conv2dShape convolution = new(1, 4, 4, 8, 8, 3, 3);
        ForwardProduct product = new(new(convolution), 0);
        Storage x = TwoDevices.With<float>(simulator, new float[convolution.LengthInput]),
            w = TwoDevices.With<float>(simulator, new float[convolution.LengthWeight]);
        Storage y = simulator.Allocate(DType.Float32, (int)convolution.LengthOutput);
        GpuConv2d.Tune(tuned, simulator, KernelRung.RegisterTile, product, new(x, w, null, y, false), convolution);
        foreach (Storage storage in (Storage[])[x, w, y]) storage.Release();
        Assert.Equal(before, simulator.MemoryInUse);
        Assert.Equal(3, File.ReadAllLines(Plans).Length);
        a.Release();
        b.Release();
    }
}
