using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Mapping;

namespace Engine.Bench.Kernels;

/// <summary>Elementwise operations: a cheap one of two arguments, three that compute, one that chooses.</summary>
public class MapOperations : KernelBenchmark
{
    private const double Slope = 0.2;
    private Storage? _x, _z, _y;
    private Action _run = () => { };

    /// <summary>The operation.</summary>
    [Params("Add", "Exp", "Tanh", "Sigmoid", "LeakyRelu")]
    public string Operation { get; set; } = "";

    /// <summary>Elements: 256 KiB an array, and 16 MiB.</summary>
    [Params(1 << 16, 1 << 22)]
    public int Count { get; set; }

    internal override Work Work
    {
        get
        {
            long bytes = (Operation == "Add" ? 3L : 2L) * sizeof(float) * Count;
            return Work.Bytes(bytes, bytes);
        }
    }

    private protected override void Call() => _run();

    private protected override void Prepare()
    {
        Storage x = _x = Random(Count, -4, 4, 1);
        Storage z = _z = Operation == "Add" ? Random(Count, -4, 4, 2) : x;
        Storage y = _y = Empty(Count);
        Shape shape = new(Count);
        _run = Operation switch
        {
            "Add" => () => Map.Binary(x, shape, z, shape, y, shape, default(Add)),
            "Exp" => () => Map.Unary(x, y, default(Exp)),
            "Tanh" => () => Map.Unary(x, y, default(Tanh)),
            "Sigmoid" => () => Map.Unary(x, y, default(Sigmoid)),
            _ => () => Map.Unary(x, y, new LeakyRelu(Slope)),
        };
    }

    private protected override void Check()
    {
        float[] x = _x!.AsSpan<float>().ToArray();
        float[] z = _z!.AsSpan<float>().ToArray();
        CheckEach(_y!, Operation switch
        {
            "Add" => i => (double)x[i] + z[i],
            "Exp" => i => Math.Exp(x[i]),
            "Tanh" => i => Math.Tanh(x[i]),
            "Sigmoid" => i => 1 / (1 + Math.Exp(-x[i])),
            _ => i => x[i] < 0 ? Slope * x[i] : x[i],
        });
    }
}
