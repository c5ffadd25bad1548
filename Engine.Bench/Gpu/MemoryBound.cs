using Engine.Bench.Commands;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gates;
using Engine.Kernels.Gemm;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;
using Engine.Kernels.Norms;
using Engine.Kernels.Optimizers;
using Engine.Kernels.Reductions;
using Engine.Kernels.Rows;
using Spectre.Console;

namespace Engine.Bench.Gpu;

/// <summary>Kernels that memory limits, beside the copy: bytes that have to be read and written, over the time.</summary>
internal static class MemoryBound
{
    internal static Table Measure(Device device, DeviceTimer timer, int rows)
    {
        const int columns = 1024;
        Table table = new Table().Title("Memory", Style.Plain).AddColumns("Kernel", "Elements", "GB/s", "of the copy")
            .RightAligned(1, 2, 3);
        Storage x = MatMulLadder.Uniform(device, (long)rows * columns, 1), y = MatMulLadder.Uniform(device, (long)rows * columns, 2),
            z = device.Allocate(DType.Float32, rows * columns);
        double copy = 0;
        Row("copy", 2, () => Move.Copy(x, z));
        Shape shape = [rows, columns];
        Row("add", 3, () => Map.Binary(x, shape, y, shape, z, shape, default(Add)));
        Row("LeakyReLU", 2, () => Map.Unary(x, z, new LeakyRelu(0.2)));
        Row("tanh", 2, () => Map.Unary(x, z, default(Tanh)));
        Row("GELU", 2, () => Map.Unary(x, z, default(Gelu)));
        Row("softmax of rows", 2, () => Softmax.Run(x, rows, columns, z));
        Storage one = device.Allocate(DType.Float32, 1), ofRows = device.Allocate(DType.Float32, rows),
            ofColumns = device.Allocate(DType.Float32, columns);
        Storage variances = device.Allocate(DType.Float32, rows);
        Row("sum of all", 1, () => Reduce.Sum(x, shape, [0, 1], one));
        Row("sums of rows", 1, () => Reduce.Sum(x, shape, [1], ofRows));
        Row("sums of columns", 1, () => Reduce.Sum(x, shape, [0], ofColumns));
        Row("layer normalisation", 2, () => LayerNormalization.Forward(x, rows, columns, null, null, 1e-5, ofRows, variances, z));
        Storage dGamma = device.Allocate(DType.Float32, columns), dBeta = device.Allocate(DType.Float32, columns),
            reciprocals = device.Allocate(DType.Float32, columns);
        Row("its gradients", 3, () => LayerNormalization.Backward(y, x, rows, columns, null, ofRows, variances, dGamma, dBeta, z));

        // What is normalised over more than a group can hold is read for its moments and read again.
        Row("batch normalisation", 3,
            () => BatchNormalization.Forward(x, rows, columns, null, null, 1e-5, Activation.None, ofColumns, reciprocals, z));
        Row("its gradients", 5, () =>
            BatchNormalization.Backward(y, x, rows, columns, null, null, Activation.None, ofColumns, reciprocals, true, dGamma, dBeta, z));
        Storage half = device.Allocate(DType.Float32, rows * columns / 2);
        Row("gated linear unit", 3 / 2.0, () => GatedLinearUnit.Run(x, null, rows, columns / 2, half));
        Row("ELU of x and -x", 3 / 2.0, () => ConcatElu.Run(half, rows, columns / 2, z));
        Storage square = MatMulLadder.Uniform(device, (long)rows * columns, 3);
        Map.Unary(square, square, default(Square));
        Row("Adam", 7, () => AdamUpdate.Run([x], [y], [square], [z], 1, 1e-3, 0.9, 0.999, 1e-8));
        foreach (Storage storage in (
            Storage[])[x, y, z, one, ofRows, ofColumns, variances, dGamma, dBeta, reciprocals, half, square]) storage.Release();
        return table;

        void Row(string name, double passes, Action launch)
        {
            double rate = passes * 4.0 * rows * columns / timer.Seconds(launch) / 1e9;
            if (copy == 0) copy = rate;
            table.AddRow(name, $"{rows * columns}", $"{rate:F1}", $"{rate / copy:P0}");
        }
    }
}
