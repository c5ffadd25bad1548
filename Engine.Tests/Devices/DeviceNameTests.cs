using Engine.Kernels;
using Xunit;

namespace Engine.Tests;

public sealed class DeviceNameTests
{
    [Fact]
    public void Cpu_opens_with_the_threads_that_are_asked_for()
    {
        using Device device = Device.Open("cpu:3");
        Assert.Equal("cpu", device.Name);
        Assert.Equal(3, Assert.IsType<CpuDevice>(device).Threads);
        Assert.Contains("3 threads", device.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_taken_in_any_case()
    {
        using Device device = Device.Open(" Simulator ");
        Assert.Equal("simulator", device.Name);
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("")]
    [InlineData("cpu:x")]
    [InlineData("cpu:1:2")]
    [InlineData("cuda:-1")]
    [InlineData("simulator:1")]
    public void An_unknown_name_says_which_devices_there_are(string name)
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Open(name));
        Assert.Contains($"There is no device '{name}'", e.Message, StringComparison.Ordinal);
        foreach (string known in (ReadOnlySpan<string>)["cpu", "simulator", "cuda:N", "opencl:N"]) Assert.Contains(known, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu:0")]
    [InlineData("cpu:257")]
    public void A_number_of_threads_out_of_range_says_the_range(string name)
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Open(name));
        Assert.Contains("from 1 to 256", e.Message, StringComparison.Ordinal);
    }

#if !ILGPU
    [Theory]
    [InlineData("cuda")]
    [InlineData("opencl:1")]
    public void A_gpu_says_why_it_does_not_open(string name)
    {
        DeviceException e = Assert.Throws<DeviceException>(() => Device.Open(name));
        Assert.Contains("-p:UseIlgpu=true", e.Message, StringComparison.Ordinal);
    }
#endif

    [Fact]
    public void A_storage_says_when_its_device_has_no_host_memory()
    {
        using Device device = Device.Open("simulator");
        Storage storage = device.Allocate(DType.Float32, 4);
        Assert.Contains("CopyTo", Assert.Throws<InvalidOperationException>(() => storage.AsSpan<float>()).Message, StringComparison.Ordinal);
        storage.Release();
    }
}
