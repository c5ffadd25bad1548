using ILGPU.Runtime.OpenCL;

namespace Engine.Tests.Devices;

public sealed class DeviceNameTests
{
    [Fact]
    public void Cpu_opens_with_the_threads_that_are_asked_for()
    {
        using Device device = Device.Open("cpu:3");
        Assert.Equal("cpu", device.Name);
        Assert.Equal(3, Assert.IsType<CpuDevice>(device).Threads);
        Assert.Contains("3 threads", device.Description);
    }

    [Fact]
    public void Names_are_taken_in_any_case()
    {
        using Device device = Device.Open(" Simulator ");
        Assert.Equal("simulator", device.Name);
    }

    [Theory, Values("gpu", "", "cpu:x", "cpu:1:2", "cuda:-1", "simulator:1")]
    public void An_unknown_name_says_which_devices_there_are(string name)
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Open(name));
        Assert.Contains($"There is no device '{name}'", e.Message);
        SaysWhichThereAre(e);
    }

    [Theory, Values("cpu:0", "cpu:257")]
    public void A_number_of_threads_out_of_range_says_the_range(string name)
    {
        Refused<DeviceException>("from 1 to 256", () => Device.Open(name));
    }

    [Theory, Values(null, "", "  ")]
    public void Where_no_default_is_named_the_first_that_opens_is_taken(string? wanted)
    {
        using Device device = DeviceFactory.OpenDefault(wanted);
        Assert.Contains(device.Name, (string[])["cuda:0", "cpu"]);
        Assert.NotEqual(ILGPU.Runtime.AcceleratorType.CPU, (device as GpuDevice)?.Accelerator.AcceleratorType);
    }

    [Fact]
    public void A_default_that_is_named_is_taken()
    {
        using Device cpu = DeviceFactory.OpenDefault("cpu:1"), simulator = DeviceFactory.OpenDefault("simulator");
        Assert.Equal(1, Assert.IsType<CpuDevice>(cpu).Threads);
        Assert.Equal("simulator", simulator.Name);
    }

    [Fact]
    public void A_default_that_does_not_exist_says_which_devices_there_are()
    {
        DeviceException e = Assert.Throws<DeviceException>(() => DeviceFactory.OpenDefault("warp:9"));
        Assert.Contains("There is no device 'warp:9'", e.Message);
        SaysWhichThereAre(e);
    }

    [Fact]
    public void The_default_stays_until_it_is_disposed_and_is_opened_anew_then()
    {
        Device first = Device.OpenUnlessOpen(null, "cpu:1");
        Assert.Same(first, Device.OpenUnlessOpen(first, "cpu:2"));
        first.Dispose();
        using Device second = Device.OpenUnlessOpen(first, "cpu:2");
        Assert.Equal(2, Assert.IsType<CpuDevice>(second).Threads);
        second.Allocate(DType.Float32, 3).Release();
    }

    [Fact]
    public void The_environment_names_the_number_of_threads()
    {
        Assert.Equal(3, CpuDevice.ThreadsWanted(" 3 "));
        Assert.Equal(Math.Min(Environment.ProcessorCount, CpuDevice.MaxThreads), CpuDevice.ThreadsWanted(null));
        Assert.Equal(CpuDevice.ThreadsWanted(null), CpuDevice.ThreadsWanted(""));
    }

    [Theory, Values("0", "257", "-1", "two", "1.5")]
    public void A_number_of_threads_in_the_environment_that_is_none_is_named(string wanted)
    {
        RefusedExactly<DeviceException>($"ENGINE_THREADS must be a number from 1 to 256; found '{wanted}'.",
            () => CpuDevice.ThreadsWanted(wanted));
    }

    [Fact]
    public void The_environment_names_the_width_of_the_vectors()
    {
        Assert.Equal(VectorWidth.Bits128, VectorWidths.Wanted(" 128 "));
        Assert.Equal(VectorWidth.Bits256, VectorWidths.Wanted("256", VectorWidth.Bits512));
        Assert.Equal(VectorWidth.Bits512, VectorWidths.Wanted("512", VectorWidth.Bits512));
        Assert.Equal(VectorWidths.Widest, VectorWidths.Wanted(null));
        Assert.Equal(VectorWidths.Widest, VectorWidths.Wanted(""));
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
        {
            using CpuDevice device = new(1) { Vectors = width };
            Assert.Equal($"1 thread, {(int)width}-bit vectors", device.Description);
        }
    }

    [Theory, Values("64", "1024", "0", "-128", "wide", "128 bits")]
    public void A_width_of_vectors_in_the_environment_that_is_none_is_named(string wanted)
    {
        RefusedExactly<DeviceException>($"ENGINE_VECTORS must be 128, 256 or 512, the bits of a vector; found '{wanted}'.",
            () => VectorWidths.Wanted(wanted));
    }

    [Fact]
    public void Vectors_wider_than_the_processor_has_are_refused()
    {
        RefusedExactly<DeviceException>("ENGINE_VECTORS must be at most 256, the bits of this processor's vectors; found '512'.",
            () => VectorWidths.Wanted("512", VectorWidth.Bits256));
        RefusedExactly<DeviceException>("ENGINE_VECTORS must be at most 128, the bits of this processor's vectors; found '256'.",
            () => VectorWidths.Wanted("256", VectorWidth.Bits128));
    }

    [Fact]
    public void A_gpu_that_is_not_there_says_why_and_which_devices_there_are()
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Open("cuda:99"));
        Assert.Matches("^Device 'cuda:99' does not open: (there is no NVIDIA driver|the NVIDIA driver|only [0-9]+ found)", e.Message);
        SaysWhichThereAre(e);
        Assert.Matches("^Device 'opencl:99' does not open: (there is no OpenCL driver|only [0-9]+ found)",
            Assert.Throws<DeviceException>(() => Device.Open("opencl:99")).Message);
    }

    [Fact]
    public void OpenCl_on_cards_that_lack_shuffles_says_so_and_what_to_take()
    {
        Assert.Null(GpuRuntime.WhyNotOpenCl(CLDeviceVendor.Intel, "Arc A770"));
        foreach (CLDeviceVendor vendor in (CLDeviceVendor[])[CLDeviceVendor.AMD, CLDeviceVendor.Nvidia, CLDeviceVendor.Other])
        {
            Assert.Matches(
                "^gfx1100 is not a GPU of Intel, .* no warp shuffles in OpenCL, .* runs them as cuda, and the host as cpu$",
                GpuRuntime.WhyNotOpenCl(vendor, "gfx1100"));
        }
    }

    [Fact]
    public void A_storage_says_when_its_device_has_no_host_memory()
    {
        using Device device = Device.Open("simulator");
        Storage storage = device.Allocate(DType.Float32, 4);
        Refused<InvalidOperationException>("CopyTo", () => storage.AsSpan<float>());
        storage.Release();
    }

    private static void SaysWhichThereAre(DeviceException e)
    {
        foreach (string known in (ReadOnlySpan<string>)["cpu", "simulator", "cuda:N", "opencl:N"])
            Assert.Contains(known, e.Message);
    }
}
