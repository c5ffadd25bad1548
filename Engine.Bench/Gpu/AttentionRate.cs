using Engine.Bench.Commands;
using Engine.Kernels;
using Engine.Kernels.Attention;
using Engine.Kernels.Devices.Host;
using Spectre.Console;

namespace Engine.Bench.Gpu;

/// <summary>
/// Attention and its gradients at the sizes of a Transformer. Rates are of the multiplications that have to be done, two products forward
/// and five backward, of causal ones half; the backward pass does seven, because it makes the weights again for both of its walks. Values
/// are held against the host's before anything is timed.
/// </summary>
internal static class AttentionRate
{
    internal static Table Measure(Device device, DeviceTimer timer, int size)
    {
        Table table = new Table().Title("Attention", Style.Plain)
            .AddColumns("Batch x heads", "Positions", "Width", "", "Forward, GFLOP/s", "Backward, GFLOP/s").RightAligned(1, 2, 4, 5);
        foreach (AttentionShape shape in size < 512
            ? (AttentionShape[])[new(1, 1, 40, 40, 8, IsCausal: true)]
            : [new(12, 4, 64, 64, 32, IsCausal: true), new(32, 6, 128, 128, 32, IsCausal: true), new(8, 16, 1024, 1024, 64),
                new(8, 16, 1024, 1024, 64, IsCausal: true), new(4, 16, 4096, 4096, 64, IsCausal: true)])
        {
            Arrays arrays = new(device, shape);
            arrays.Forward();
            arrays.Backward();
            if (shape.Queries <= 128) Check(arrays, shape);
            double products = 2.0 * shape.Batch * shape.Channels * shape.Queries * shape.Keys * (shape.IsCausal ? 0.5 : 1) / 1e9;
            double forward = 2 * products / timer.Seconds(arrays.Forward), backward = 5 * products / timer.Seconds(arrays.Backward);
            table.AddRow($"{shape.Batch} x {shape.Heads}", $"{shape.Queries}", $"{shape.Width}", shape.IsCausal ? "causal" : "",
                $"{forward:F1}", $"{backward:F1}");
            arrays.Release();
        }

        return table;
    }

    private static void Check(Arrays found, AttentionShape shape)
    {
        using CpuDevice host = new();
        Arrays expected = new(host, shape);
        expected.Forward();
        expected.Backward();
        foreach ((Storage on, Storage reference, string name) in found.Results.Zip(
            expected.Results, (a, b) => (a.Storage, b.Storage, a.Name)))
        {
            float[] values = Read(on), right = Read(reference);
            for (int i = 0; i < values.Length; i++)
            {
                if (!(Math.Abs(values[i] - right[i]) <= 1e-4 * (1 + Math.Abs(right[i]))))
                    throw new InvalidOperationException(
                        $"Attention {shape}: element {i} of {name} should be {right[i]:R}, found {values[i]:R}.");
            }
        }

        expected.Release();
    }

    private static float[] Read(Storage storage)
    {
        float[] values = new float[storage.Length];
        storage.CopyTo<float>(values);
        return values;
    }

    /// <summary>Random inputs and a random gradient on a device, with room for the results.</summary>
    private sealed class Arrays(Device device, AttentionShape shape)
    {
        private readonly Storage _q = Uniform(device, shape, 1), _k = Uniform(device, shape, 2), _v = Uniform(device, shape, 3),
            _g = Uniform(device, shape, 4);
        private readonly Storage _output = Room(device, shape), _dq = Room(device, shape), _dk = Room(device, shape),
            _dv = Room(device, shape);
        private readonly Storage _logs = device.Allocate(DType.Float32, 2 * shape.Batch * shape.Heads * shape.Queries);

        internal (Storage Storage, string Name)[] Results => [(_output, "the output"), (_dq, "dQ"), (_dk, "dK"), (_dv, "dV")];

        internal void Forward() => ScaledDotProductAttention.Forward(Rows(_q), Rows(_k), Rows(_v), shape, _output, _logs);

        internal void Backward() =>
            ScaledDotProductAttention.Backward(Rows(_q), Rows(_k), Rows(_v), shape, _output, _logs, _g, Rows(_dq), Rows(_dk), Rows(_dv));

        internal void Release()
        {
            foreach (Storage storage in (Storage[])[_q, _k, _v, _g, _output, _dq, _dk, _dv, _logs]) storage.Release();
        }

        private static Storage Uniform(Device device, AttentionShape shape, int seed) =>
            MatMulLadder.Uniform(device, (long)shape.Batch * shape.Keys * shape.Channels, seed);

        private static Storage Room(Device device, AttentionShape shape) =>
            device.Allocate(DType.Float32, shape.Batch * shape.Keys * shape.Channels);

        private AttentionRows Rows(Storage storage) => new(storage, 0, shape.Channels, shape.Keys * shape.Channels);
    }
}
