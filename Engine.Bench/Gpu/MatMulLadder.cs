using Engine.Bench.Commands;
using Engine.Bench.Kernels;
using Engine.Kernels;
using Engine.Kernels.Devices.Gpu;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.RandomNumbers;
using Spectre.Console;

namespace Engine.Bench.Gpu;

/// <summary>
/// Every rung of the matrix product's ladder on large squares, and what the plan takes for products of a batch of 64. Values are checked
/// before anything is timed.
/// </summary>
internal static class MatMulLadder
{
    internal static Table Measure(GpuDevice device, DeviceTimer timer, int size)
    {
        Table table = new Table().Title("Matrix products", Style.Plain)
            .AddColumns("M", "N", "K", "Form", "Rung", "Parts", "GFLOP/s", "of rung 3").RightAligned(0, 1, 2, 5, 6, 7);
        foreach (MatMulShape shape in Squares(size).Concat(OfABatch(size)))
        {
            Storage a = Uniform(device, shape.LengthA, 1), b = Uniform(device, shape.LengthB, 2),
                c = device.Allocate(DType.Float32, (int)shape.LengthC);
            double third = 0;
            foreach (KernelPlan plan in Plans(device, shape))
            {
                GpuMatMul.RunByPlan(plan, a, b, c, shape);
                Check(a, b, c, shape, plan);
                double rate = 2.0 * shape.MultiplyAdds / timer.Seconds(() => GpuMatMul.RunByPlan(plan, a, b, c, shape)) / 1e9;
                if (plan.Rung == KernelRung.RegisterTile && third == 0) third = rate;
                string form = $"{(shape.TransposeA ? 'T' : 'N')}{(shape.TransposeB ? 'T' : 'N')}";
                table.AddRow($"{shape.M}", $"{shape.N}", $"{shape.K}", form, $"{(int)plan.Rung} {plan.Rung}", $"{plan.Splits}",
                    $"{rate:F1}",
                    third > 0 ? $"{rate / third:F2}" : "");
            }

            foreach (Storage storage in (Storage[])[a, b, c]) storage.Release();
        }

        return table;
    }

    private static IEnumerable<MatMulShape> Squares(int size) =>
        [new(size, size, size), new(size, size, size, TransposeB: true), new(size, size, size, TransposeA: true)];

    /// <summary>A layer of the GAN and its gradients, and one of a Transformer's.</summary>
    private static IEnumerable<MatMulShape> OfABatch(int size) => size < 512 ? [] :
        [new(64, 1024, 512), new(64, 512, 1024, TransposeB: true), new(512, 1024, 64, TransposeA: true), new(64, 784, 784),
            new(128, 512, 768, TransposeA: true)];

    private static IEnumerable<KernelPlan> Plans(GpuDevice device, MatMulShape shape)
    {
        if (shape.M == shape.N) return Enum.GetValues<KernelRung>().Where(rung => rung < KernelRung.AsyncTile || device.HasTensorCores)
            .Select(rung => new KernelPlan(rung));
        IEnumerable<KernelPlan> chosen = ((Precision[])[Precision.Float32, Precision.Tf32, Precision.BFloat16])
            .Select(precision => MatMulPlan.For(
                shape, KernelPlan.LargestRung(device.HasTensorCores, DType.Float32, precision), device.Multiprocessors));
        return chosen.Prepend(new(KernelRung.SharedTile)).Append(new(KernelRung.RegisterTile)).Distinct().OrderBy(plan => plan.Rung)
            .ThenBy(plan => plan.Splits);
    }

    internal static Storage Uniform(Device device, long length, int seed)
    {
        Storage storage = device.Allocate(DType.Float32, checked((int)length));
        RandomStream random = new(seed);
        RandomUniform.Run(storage, -1, 1, random.Key, random.Reserve(length));
        return storage;
    }

    private static void Check(Storage a, Storage b, Storage c, MatMulShape shape, KernelPlan plan)
    {
        using CpuDevice host = new(1);
        Storage[] copies = [.. ((Storage[])[a, b, c]).Select(storage =>
        {
            float[] values = new float[storage.Length];
            storage.CopyTo<float>(values);
            Storage copy = host.Allocate(DType.Float32, values.Length);
            copy.CopyFrom<float>(values);
            return copy;
        })];
        MatMulCheck.Run(copies[0], copies[1], copies[2], shape,
            plan.Rung switch { KernelRung.Tf32 => 1.0 / (1 << 11), KernelRung.BFloat16 => 1.0 / (1 << 8), _ => 0 });
        foreach (Storage copy in copies) copy.Release();
    }
}
