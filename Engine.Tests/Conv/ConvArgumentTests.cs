using Engine.Kernels.Conv;
using Conv2d = Engine.Kernels.Conv.Conv2d;
using ConvTranspose2d = Engine.Kernels.Conv.ConvTranspose2d;

namespace Engine.Tests.Conv;

public sealed class ConvArgumentTests : IsolatedTests
{
    private static readonly Conv2dShape s_shape = new(2, 5, 5, 3, 4, 3, 3);

    [Fact]
    public void Storages_of_wrong_lengths_are_refused_by_name()
    {
        Storage input = Floats(Cpu, 150), weight = Floats(Cpu, 108), output = Floats(Cpu, 72), wrong = Floats(Cpu, 7);
        Refused("Conv2d: input must hold 150 elements for 2 x [5, 5, 3] * [3, 3, 3, 4], found 7.",
            () => Conv2d.Run(wrong, weight, output, s_shape));
        Refused("Conv2d: weight must hold 108 elements", () => Conv2d.Run(input, wrong, output, s_shape));
        Refused("Conv2d: output must hold 72 elements", () => Conv2d.Run(input, weight, wrong, s_shape));
        Refused("Conv2d: bias must hold 4 elements", () => Conv2d.Run(input, weight, output, s_shape, wrong));
        Refused("Conv2d.InputGradient: gradient must hold 72 elements", () => Conv2d.InputGradient(wrong, weight, input, s_shape));
        Refused("Conv2d.InputGradient: inputGradient must hold 150 elements", () => Conv2d.InputGradient(output, weight, wrong, s_shape));
        Refused("Conv2d.InputGradient: bias must hold 3 elements", () => Conv2d.InputGradient(output, weight, input, s_shape, wrong));
        Refused("ConvTranspose2d: input must hold 72 elements", () => ConvTranspose2d.Run(wrong, weight, input, s_shape));
        Refused("ConvTranspose2d: output must hold 150 elements", () => ConvTranspose2d.Run(output, weight, wrong, s_shape));
        Refused("Conv2d.WeightGradient: input must hold 150 elements", () => Conv2d.WeightGradient(wrong, output, weight, s_shape));
        Refused("Conv2d.WeightGradient: gradient must hold 72 elements", () => Conv2d.WeightGradient(input, wrong, weight, s_shape));
        Refused("Conv2d.WeightGradient: weightGradient must hold 108 elements", () => Conv2d.WeightGradient(input, output, wrong, s_shape));
    }

    [Fact]
    public void Arguments_that_do_not_go_together_are_refused()
    {
        using CpuDevice device = new(1), other = new(1);
        Storage input = Floats(device, 150), weight = Floats(device, 108), output = Floats(device, 72);
        Refused("must be on one device", () => Conv2d.Run(input, Floats(other, 108), output, s_shape));
        Refused("must hold one type, found Float32 and Float64",
            () => Conv2d.Run(input, device.Allocate(DType.Float64, 108), output, s_shape));
        Refused("must hold Float32 or Float64, found Int32",
            () => Conv2d.Run(device.Allocate(DType.Int32, 150), device.Allocate(DType.Int32, 108), device.Allocate(DType.Int32, 72),
                s_shape));
        Refused("expected an activation, found 77",
            () => Conv2d.Run(input, weight, output, s_shape, activation: new Activation((ActivationKind)77)));
        Refused("Conv2d: the batch must not be negative, found -2.", () => Conv2d.Run(input, weight, output, s_shape with { Batch = -2 }));
        Refused("ConvTranspose2d: the groups must divide 3 inputs and 4 outputs, found 2.",
            () => ConvTranspose2d.Run(output, weight, input, s_shape with { Groups = 2 }));
        Assert.Throws<ArgumentNullException>(() => Conv2d.Run(null!, weight, output, s_shape));

        Conv2dShape same = new(1, 4, 4, 2, 2, 1, 1);
        Storage image = Floats(device, 32), kernel = Floats(device, 4);
        Refused("output must not be input: it is written while that is read", () => Conv2d.Run(image, kernel, image, same));
        Refused("inputGradient must not be gradient", () => Conv2d.InputGradient(image, kernel, image, same));
        output.Release();
        Assert.Throws<ObjectDisposedException>(() => Conv2d.Run(input, weight, output, s_shape));
    }

    [Fact]
    public void A_convolution_takes_no_managed_memory_and_gives_its_workspace_back()
    {
        (Conv2dShape, Storage[])[] cases = [.. new Conv2dShape[]
        {
            new(3, 6, 6, 4, 20, 3, 3, 2, 2, Conv2dPadding.All(1)),
            new(32, 8, 8, 64, 32, 3, 3, Padding: Conv2dPadding.All(1)),
            new(2, 6, 6, 10, 1, 3, 3),
        }.Select(s => (s, new[] {
            Floats(Cpu, (int)s.LengthInput), Floats(Cpu, (int)s.LengthWeight), Floats(Cpu, (int)s.LengthOutput) }))];
        void Step()
        {
            foreach ((Conv2dShape shape, Storage[] x) in cases)
            {
                Conv2d.Run(x[0], x[1], x[2], shape, activation: Activation.Relu);
                Conv2d.InputGradient(x[2], x[1], x[0], shape);
                Conv2d.WeightGradient(x[0], x[2], x[1], shape);
            }
        }

        Step();
        long held = Cpu.MemoryInUse, least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(held, Cpu.MemoryInUse);
    }

    private static Storage Floats(Device device, int length)
    {
        Storage storage = device.Allocate(DType.Float32, length);
        storage.AsSpan<float>().Clear();
        return storage;
    }
}
