using Engine.Kernels.Gemm;

namespace Engine.Bench.Kernels;

/// <summary>The matrix products of a training step of the GAN of fully connected layers, at a batch of 64.</summary>
internal static class GanShapes
{
    private const int Batch = 64;

    /// <summary>Inputs and outputs of the layers: the generator's, then the discriminator's.</summary>
    internal static IReadOnlyList<(int Inputs, int Outputs)> Layers { get; } =
        [(100, 256), (256, 512), (512, 1024), (1024, 784), (784, 1024), (1024, 512), (512, 256), (256, 1)];

    /// <summary>The three products of a layer: forward NN, the gradient of the input NT, that of the weight TN.</summary>
    internal static MatMulShape Product(int inputs, int outputs, string form) => form switch
    {
        "NN" => new MatMulShape(Batch, outputs, inputs),
        "NT" => new MatMulShape(Batch, inputs, outputs, TransposeB: true),
        "TN" => new MatMulShape(inputs, outputs, Batch, TransposeA: true),
        _ => throw new ArgumentException($"A form is NN, NT or TN; found '{form}'."),
    };
}
