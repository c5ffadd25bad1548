using BenchmarkDotNet.Attributes;
using Engine.Kernels.Gemm;

namespace Engine.Bench.Kernels;

/// <summary>The products of the GAN's layers, at a batch of 64.</summary>
public class MatMulGan : MatMulBenchmark
{
    /// <summary>The layers, as <c>inputs-outputs</c>.</summary>
    public static IEnumerable<string> Layers => GanShapes.Layers.Select(layer => $"{layer.Inputs}-{layer.Outputs}");

    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Layers))]
    public string Layer { get; set; } = "";

    /// <summary>NN: forward; NT: the gradient of the input; TN: that of the weight.</summary>
    [Params("NN", "NT", "TN")]
    public string Form { get; set; } = "";

    private protected override MatMulShape Product
    {
        get
        {
            int[] extents = Array.ConvertAll(Layer.Split('-'), int.Parse);
            return GanShapes.Product(extents[0], extents[1], Form);
        }
    }
}
