using Engine.Kernels.Conv;
using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Conv.Host;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Tests.Gpu;
using Conv2d = Engine.Kernels.Conv.Conv2d;

namespace Engine.Tests.Ptx;

/// <summary>The PTX of the convolutions' kernels, executed: what a card is given computes the convolution and its gradients.</summary>
public sealed class PtxConvolutionTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private static readonly Conv2dShape[] s_shapes =
    [
        new(2, 5, 4, 3, 5, 3, 3, Padding: Conv2dPadding.All(1)),
        new(1, 7, 6, 2, 3, 4, 3, 2, 3, new(1, 2, 0, 1)),
        new(1, 9, 7, 8, 10, 3, 3, 2, 2, Conv2dPadding.All(2), 2, 3, 2),
        new(2, 5, 4, 9, 5, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 4 },
        new(1, 12, 11, 43, 130, 3, 1, 1, 1, new(1, 1, 0, 0)),
    ];

    public static TheoryData<int, int> Cases
    {
        get
        {
            TheoryData<int, int> cases = [];
            for (int i = 0; i < s_shapes.Length; i++)
                for (KernelRung rung = KernelRung.RegisterTile; rung <= KernelRung.BFloat16; rung++) cases.Add(i, (int)rung);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_convolution_and_its_gradients(int index, int number)
    {
        KernelRung rung = (KernelRung)number;
        Conv2dShape shape = s_shapes[index];
        Conv2dLayout layout = new(shape);
        int splits = index == 2 ? 2 : 1;
        float[] x = TwoDevices.Random<float>((int)shape.LengthInput), w = TwoDevices.Random<float>((int)shape.LengthWeight, 1, 2),
            g = TwoDevices.Random<float>((int)shape.LengthOutput, 1, 3);
        Near(g.Length, (s, y) => Conv2d.Run(s[0], s[1], y, shape), new ForwardProduct(layout, 0), x, w);
        Near(x.Length, (s, y) => Conv2d.InputGradient(s[0], s[1], y, shape), new InputGradientProduct(layout, 0), g, w);
        Near(w.Length, (s, y) => Conv2d.WeightGradient(s[0], s[1], y, shape), new WeightGradientProduct(layout, 0), x, g);

        void Near<TProduct>(int length, Action<Storage[], Storage> onHost, TProduct product, float[] a, float[] b)
            where TProduct : unmanaged, IConv2dProduct<TProduct>
        {
            float[] expected = TwoDevices.On(devices.Cpu, new float[length], onHost, a, b), found = Run(rung, product, a, b, splits);
            double tolerance = rung switch { KernelRung.Tf32 => 2e-3, KernelRung.BFloat16 => 2e-2, _ => 2e-6 };
            for (int i = 0; i < product.Elements; i++)
            {
                double sum = Enumerable.Range(0, splits).Sum(split => (double)found[(split * product.Elements) + i]);
                Assert.True(Math.Abs(sum - expected[i]) <= tolerance * Math.Sqrt(product.Depth + 2),
                    $"{rung}, {shape}, {typeof(TProduct).Name}: element {i} is {sum}, on the host {expected[i]}");
            }
        }
    }

    private float[] Run<TProduct>(KernelRung rung, TProduct product, float[] a, float[] b, int splits)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        (Type type, Type[] arguments, int threads, int tile) = rung switch
        {
            KernelRung.RegisterTile =>
                (typeof(RegisterTileConv2d), new[] { typeof(FloatScalar), typeof(TProduct), typeof(Identity) }, RegisterTileConv2d.Threads,
                    RegisterTileConv2d.Tile),
            KernelRung.AsyncTile => (
                typeof(AsyncTileConv2d), [typeof(TProduct), typeof(Identity)], RegisterTileConv2d.Threads, RegisterTileConv2d.Tile),
            _ when typeof(TProduct) == typeof(WeightGradientProduct) =>
                (typeof(TensorTileWeightGradient), [typeof(Identity)], TensorTile.Threads, TensorTile.Tile),
            KernelRung.Tf32 => (typeof(TensorTileConv2d), [typeof(Tf32Rounding), typeof(TProduct), typeof(Identity)], TensorTile.Threads,
                TensorTile.Tile),
            _ => (typeof(TensorTileConv2d), [typeof(BFloat16Rounding), typeof(TProduct), typeof(Identity)], TensorTile.Threads,
                TensorTile.Tile),
        };
        PtxMachine machine = new(PtxTests.Ptx(type, "Kernel", arguments));
        float[] before = TwoDevices.Random<float>(product.Elements * splits, 1, 6);
        long atA = machine.Memory.Add<float>(a), atB = machine.Memory.Add<float>(b), atC = machine.Memory.Add<float>(before);
        byte[] views =
        [
            .. PtxMachine.View(atA, a.Length), .. PtxMachine.View(atB, b.Length), .. PtxMachine.View(atC, before.Length),
            .. PtxMachine.View(atC, before.Length),
            .. PtxMachine.Of(0), .. PtxMachine.Of(0), .. PtxMachine.Of(splits),
            .. PtxMachine.Of(Conv2dPlan.SplitDepth(product.Depth, splits)), .. PtxMachine.Of(product.Elements), .. PtxMachine.Of(0),
        ];
        (int, int, int) grid = ((product.Rows + tile - 1) / tile, (product.Columns + tile - 1) / tile, product.Parts * splits);
        if (rung == KernelRung.RegisterTile)
        {
            machine.Launch(grid, (threads, 1, 1), PtxMachine.Of(product), views, [0]);
        }
        else if (rung == KernelRung.AsyncTile)
        {
            machine.Launch(grid, (threads, 1, 1), PtxMachine.Of(product), views, PtxMachine.Of(atA), PtxMachine.Of(atB), [0]);
        }
        else if (product is WeightGradientProduct ofWeight)
        {
            PackedLayout image = TensorTileConv2d.ImageOf(product, a.Length, 4),
                gradient = new(product.Depth, product.ResultChannels, product.Parts, 4);
            GpuDevice simulator = (GpuDevice)devices.Gpu;
            long atImage = machine.Memory.Add<int>(Packed(a, source => OperandPacking.Run<Tf32Rounding>(simulator, image, source)));
            long atGradient = machine.Memory.Add<int>(Packed(b, source => OperandPacking.Run<Tf32Rounding>(simulator, gradient, source)));
            (int, int, int) tiles = ((TensorTileWeightGradient.PackedRows(ofWeight, image) + tile - 1) / tile, grid.Item2, grid.Item3);
            machine.Launch(tiles, (threads, 1, 1), PtxMachine.Of(product), views, PtxMachine.Of(image), PtxMachine.Of(atImage),
                PtxMachine.Of(gradient), PtxMachine.Of(atGradient), [0]);
        }
        else
        {
            int perChunk = rung == KernelRung.Tf32 ? 4 : 8;
            PackedLayout image = TensorTileConv2d.ImageOf(product, a.Length, perChunk);
            PackedWeightLayout weight = PackedWeightLayout.Of(product, perChunk);
            long atImage = machine.Memory.Add<int>(Packed(a, source => rung == KernelRung.Tf32
                ? OperandPacking.Run<Tf32Rounding>((GpuDevice)devices.Gpu, image, source)
                : OperandPacking.Run<BFloat16Rounding>((GpuDevice)devices.Gpu, image, source)));
            long atWeight = machine.Memory.Add<int>(Packed(b, source => rung == KernelRung.Tf32
                ? WeightPacking.Run<Tf32Rounding, TProduct>((GpuDevice)devices.Gpu, product, weight, source)
                : WeightPacking.Run<BFloat16Rounding, TProduct>((GpuDevice)devices.Gpu, product, weight, source)));
            machine.Launch(grid, (threads, 1, 1), PtxMachine.Of(product), views, PtxMachine.Of(image), PtxMachine.Of(atImage),
                PtxMachine.Of(weight), PtxMachine.Of(atWeight), [0]);
        }

        return machine.Memory.Read<float>(atC);
    }

    private int[] Packed(float[] operand, Func<Storage, Storage> pack)
    {
        Storage source = TwoDevices.With<float>(devices.Gpu, operand), packed = pack(source);
        int[] result = new int[packed.Length];
        packed.CopyTo<int>(result);
        packed.Release();
        source.Release();
        return result;
    }
}
