using System.Reflection;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Tests.Gpu;
using Relu = Engine.Kernels.Elementwise.Relu;

namespace Engine.Tests.Ptx;

/// <summary>The PTX of the matrix products' kernels, executed: what a card is given computes the product.</summary>
public sealed class PtxMachineTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    public static TheoryData<int, int, int, bool, bool, int, int> Shapes => new()
    {
        { 128, 128, 32, false, false, 1, 1 },
        { 5, 130, 100, false, true, 1, 1 },
        { 130, 7, 70, true, false, 1, 1 },
        { 129, 129, 65, true, true, 1, 1 },
        { 20, 33, 200, false, false, 1, 3 },
        { 3, 5, 40, false, false, 2, 1 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void The_register_tile(int m, int n, int k, bool transposeA, bool transposeB, int batch, int parts) =>
        Check(KernelRung.RegisterTile, new(m, n, k, transposeA, transposeB, batch), parts, 2e-6);

    [Theory, MemberData(nameof(Shapes))]
    public void The_tile_of_asynchronous_copies(int m, int n, int k, bool transposeA, bool transposeB, int batch, int parts) =>
        Check(KernelRung.AsyncTile, new(m, n, k, transposeA, transposeB, batch), parts, 2e-6);

    [Theory, MemberData(nameof(Shapes))]
    public void Tensor_cores_with_TF32(int m, int n, int k, bool transposeA, bool transposeB, int batch, int parts) =>
        Check(KernelRung.Tf32, new(m, n, k, transposeA, transposeB, batch), parts, 2e-3);

    [Theory, MemberData(nameof(Shapes))]
    public void Tensor_cores_with_bfloat16(int m, int n, int k, bool transposeA, bool transposeB, int batch, int parts) =>
        Check(KernelRung.BFloat16, new(m, n, k, transposeA, transposeB, batch), parts, 2e-2);

    private void Check(KernelRung rung, MatMulShape shape, int parts, double tolerance)
    {
        float[] a = TwoDevices.Random<float>((int)shape.LengthA, 1, 1), b = TwoDevices.Random<float>((int)shape.LengthB, 1, 2);
        float[] bias = TwoDevices.Random<float>(shape.N, 1, 3), before = TwoDevices.Random<float>((int)shape.LengthC * parts, 1, 4);
        bool whole = parts == 1;
        MatMulLayout layout = new(shape, hasBias: whole, accumulate: whole, parts);
        float[] found = Run(rung, shape, layout, a, b, bias, before);
        for (int item = 0; item < shape.Batch; item++)
            for (int row = 0; row < shape.M; row++)
                for (int column = 0; column < shape.N; column++)
                {
                    double sum = 0;
                    for (int k = 0; k < shape.K; k++)
                    {
                        double x = a[(item * shape.M * shape.K) + (shape.TransposeA ? (k * shape.M) + row : (row * shape.K) + k)];
                        sum += x * b[(item * shape.K * shape.N) + (shape.TransposeB ? (column * shape.K) + k : (k * shape.N) + column)];
                    }

                    int at = (((item * shape.M) + row) * shape.N) + column, matrix = shape.M * shape.N;
                    double expected = whole ? Math.Max(0, sum + bias[column] + before[at]) : sum;
                    double result = whole ? found[at] : Enumerable.Range(0, layout.Parts).Sum(part => (double)found[at + (part * matrix)]);
                    Assert.True(Math.Abs(result - expected) <= tolerance * Math.Sqrt(shape.K),
                        $"[{item}, {row}, {column}] is {result}, expected {expected}");
                }
    }

    private float[] Run(KernelRung rung, MatMulShape shape, MatMulLayout layout, float[] a, float[] b, float[] bias, float[] before)
    {
        bool tensors = rung >= KernelRung.Tf32;
        (Type type, Type[] arguments, int threads) = rung switch
        {
            KernelRung.RegisterTile =>
                (typeof(RegisterTileMatMul), new[] { typeof(FloatScalar), Last(layout) }, RegisterTileMatMul.Threads),
            KernelRung.AsyncTile => (typeof(AsyncTileMatMul), [Last(layout)], RegisterTileMatMul.Threads),
            KernelRung.Tf32 => (typeof(TensorTileMatMul), [typeof(Tf32Rounding), Last(layout)], TensorTile.Threads),
            _ => (typeof(TensorTileMatMul), [typeof(BFloat16Rounding), Last(layout)], TensorTile.Threads),
        };
        PtxMachine machine = new(PtxTests.Ptx(type, "Kernel", arguments));
        long atBias = machine.Memory.Add<float>(bias), atC = machine.Memory.Add<float>(before);
        byte[] viewOfBias = PtxMachine.View(atBias, bias.Length), viewOfC = PtxMachine.View(atC, before.Length);
        (int, int, int) grid = ((shape.M + 127) / 128, (shape.N + 127) / 128, layout.Items);
        if (tensors)
        {
            int perChunk = rung == KernelRung.Tf32 ? 4 : 8;
            PackedLayout layoutA = PackedLayout.OfA(shape, layout, perChunk), layoutB = PackedLayout.OfB(shape, layout, perChunk);
            long atA = machine.Memory.Add<int>(Packed(rung, layoutA, a)), atB = machine.Memory.Add<int>(Packed(rung, layoutB, b));
            machine.Launch(grid, (threads, 1, 1), PtxMachine.Of(layout), PtxMachine.Of(layoutA), PtxMachine.Of(atA), PtxMachine.Of(layoutB),
                PtxMachine.Of(atB), viewOfBias, viewOfC, [0]);
        }
        else
        {
            long atA = machine.Memory.Add<float>(a), atB = machine.Memory.Add<float>(b);
            byte[] viewOfA = PtxMachine.View(atA, a.Length), viewOfB = PtxMachine.View(atB, b.Length);
            if (rung == KernelRung.RegisterTile) machine.Launch(
                grid, (threads, 1, 1), PtxMachine.Of(layout), viewOfA, viewOfB, viewOfBias, viewOfC, [0]);
            else machine.Launch(grid, (threads, 1, 1), PtxMachine.Of(layout), viewOfA, PtxMachine.Of(atA), viewOfB, PtxMachine.Of(atB),
                viewOfBias, viewOfC, [0]);
        }

        return machine.Memory.Read<float>(atC);
    }

    private static Type Last(MatMulLayout layout) => layout.Parts == 1 ? typeof(Relu) : typeof(Identity);

    private int[] Packed(KernelRung rung, PackedLayout layout, float[] operand)
    {
        GpuDevice simulator = (GpuDevice)devices.Gpu;
        Storage source = TwoDevices.With<float>(simulator, operand);
        Storage packed = rung == KernelRung.Tf32 ? OperandPacking.Run<Tf32Rounding>(simulator, layout, source)
            : OperandPacking.Run<BFloat16Rounding>(simulator, layout, source);
        int[] result = new int[packed.Length];
        packed.CopyTo<int>(result);
        packed.Release();
        source.Release();
        return result;
    }
}
