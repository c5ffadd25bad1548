using Engine.Tests.Operations;

namespace Engine.Tests.Devices;

/// <summary>A device that only counts memory runs whatever others run.</summary>
public sealed class MeasuringDeviceTests
{
    [Fact]
    public void Every_operation_has_its_shapes_and_its_gradients_there()
    {
        using MeasuringDevice device = new("cpu");
        foreach (OperationCase c in OperationRegistry.Cases)
        {
            foreach (DType type in (DType[])[DType.Float32, DType.Float64])
            {
                try
                {
                    (_, DType gotType, Shape shape) = c.Forward(device, type);
                    if (!c.IsLarge) Assert.Equal((gotType, shape), Shaped(c.Forward(OperationDevices.Cpu, type)));
                    if (!c.HasGradient) continue;
                    c.Gradients(device, type, createGraph: false);
                    c.Gradients(device, type, createGraph: true);
                }
                catch (Exception e) when (e is not Xunit.Sdk.XunitException)
                {
                    Assert.Fail($"{c.Name}, {type}: {e}");
                }
            }
        }

        Assert.Equal(0, device.MemoryInUse);

        static (DType, Shape) Shaped((double[] Values, DType Type, Shape Shape) result) => (result.Type, result.Shape);
    }

    [Fact]
    public void The_most_that_is_held_at_a_time_is_counted()
    {
        using MeasuringDevice device = new("cpu");
        for (int i = 0; i < 3; i++)
        {
            using Tape tape = new(device);
            Tensor x = Tensor.Ones([1 << 20, 16]);
            _ = x + x;
        }

        Assert.Equal((0, 2L * 16 * (4 << 20)), (device.MemoryInUse, device.Peak));
        Storage huge = device.Allocate(DType.Float64, int.MaxValue);
        Assert.InRange(device.MemoryInUse, 8L * int.MaxValue, 9L * int.MaxValue);
        huge.Release();
    }
}
