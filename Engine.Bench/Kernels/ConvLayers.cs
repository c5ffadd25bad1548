using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Norms;

namespace Engine.Bench.Kernels;

/// <summary>
/// The convolutions of the DCGAN and of the convolutional VAE, and of residual networks. Multiplications with the zeros of the padding do
/// not count as work; where the form by Winograd's transform is taken, which needs fewer than the definition has, the rate can be above the
/// ceiling.
/// </summary>
public class ConvLayers : KernelBenchmark
{
    private const int Sampled = 200;
    private Storage? _input, _weight, _output;

    // Name, transposed or not, and the shape of the convolution (of which a transposed one is the gradient).
    private static readonly (string Name, bool Transposed, Conv2dShape Shape)[] s_layers =
    [
        ("dcgan convT 256-128 k5s2 7-14", true, new(64, 14, 14, 128, 256, 5, 5, 2, 2, Conv2dPadding.All(2))),
        ("dcgan convT 128-64 k5s2 14-28", true, new(64, 28, 28, 64, 128, 5, 5, 2, 2, Conv2dPadding.All(2))),
        ("dcgan conv 64-1 k7 28", false, new(64, 28, 28, 64, 1, 7, 7, Padding: Conv2dPadding.All(3))),
        ("dcgan conv 1-64 k5s2 28-14", false, new(64, 28, 28, 1, 64, 5, 5, 2, 2, Conv2dPadding.All(2))),
        ("dcgan conv 64-128 k5s2 14-7", false, new(64, 14, 14, 64, 128, 5, 5, 2, 2, Conv2dPadding.All(2))),
        ("vae conv 1-32 k3s2 28-14", false, new(128, 28, 28, 1, 32, 3, 3, 2, 2, Conv2dPadding.All(1))),
        ("vae conv 32-64 k3s2 14-7", false, new(128, 14, 14, 32, 64, 3, 3, 2, 2, Conv2dPadding.All(1))),
        ("vae convT 64-64 k3s2 7-14", true, new(128, 14, 14, 64, 64, 3, 3, 2, 2, Conv2dPadding.All(1))),
        ("vae convT 64-32 k3s2 14-28", true, new(128, 28, 28, 32, 64, 3, 3, 2, 2, Conv2dPadding.All(1))),
        ("vae conv 32-1 k3 28", false, new(128, 28, 28, 32, 1, 3, 3, Padding: Conv2dPadding.All(1))),
        ("conv 64-64 k3 28", false, new(64, 28, 28, 64, 64, 3, 3, Padding: Conv2dPadding.All(1))),
        ("conv 128-128 k3 14", false, new(64, 14, 14, 128, 128, 3, 3, Padding: Conv2dPadding.All(1))),
    ];

    /// <summary>The layers, by name.</summary>
    public static IEnumerable<string> Layers => s_layers.Select(layer => layer.Name);

    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Layers))]
    public string Layer { get; set; } = "";

    /// <summary>The layer's result, the gradient of its argument, or that of its weight.</summary>
    [Params("Forward", "Argument", "Weight")]
    public string Pass { get; set; } = "";

    internal override Work Work => Work.NominalFlops(2.0 * Shape.MultiplyAdds);

    private Conv2dShape Shape => s_layers.First(layer => layer.Name == Layer).Shape;

    /// <summary>Whether the product runs from the convolution's output to its input.</summary>
    private bool Backwards => (Pass == "Forward") == s_layers.First(layer => layer.Name == Layer).Transposed;

    private protected override void Call()
    {
        if (Pass == "Weight") Conv2d.WeightGradient(_input!, _output!, _weight!, Shape);
        else if (Backwards) Conv2d.InputGradient(_output!, _weight!, _input!, Shape);
        else Conv2d.Run(_input!, _weight!, _output!, Shape);
    }

    private protected override void Prepare()
    {
        _input = Random((int)Shape.LengthInput, seed: 1);
        _weight = Random((int)Shape.LengthWeight, seed: 2);
        _output = Random((int)Shape.LengthOutput, seed: 3);
    }

    /// <summary>Some elements, by the definition.</summary>
    private protected override void Check()
    {
        Random random = new(5);
        Storage result = Pass == "Weight" ? _weight! : Backwards ? _input! : _output!;
        for (int n = 0; n < Sampled; n++)
        {
            int at = random.Next(result.Length);
            (double wanted, double size) = Pass == "Weight" ? WeightElement(at) : Backwards ? InputElement(at) : OutputElement(at);
            double found = result.AsSpan<float>()[at];
            if (!(Math.Abs(found - wanted) <= 1e-5 * size + 1e-5))
                throw new InvalidOperationException($"{Layer}, {Pass}: element {at} should be {wanted:R}, found {found:R}.");
        }
    }

    private (double Sum, double Size) OutputElement(int at)
    {
        Conv2dShape s = Shape;
        int o = at % s.Outputs, x = at / s.Outputs % s.OutputWidth, y = at / s.Outputs / s.OutputWidth % s.OutputHeight,
            n = at / s.Outputs / s.OutputWidth / s.OutputHeight;
        (double sum, double size) = (0, 0);
        for (int tap = 0; tap < s.KernelHeight * s.KernelWidth; tap++)
        {
            int v = (y * s.StrideHeight) + (tap / s.KernelWidth) - s.Padding.Top,
                u = (x * s.StrideWidth) + (tap % s.KernelWidth) - s.Padding.Left;
            if (v < 0 || v >= s.Height || u < 0 || u >= s.Width) continue;
            for (int c = 0; c < s.Inputs; c++) Add(
                ref sum, ref size, Input(n, v, u, c) * (double)_weight!.AsSpan<float>()[(((tap * s.Inputs) + c) * s.Outputs) + o]);
        }

        return (sum, size);
    }

    private (double Sum, double Size) InputElement(int at)
    {
        Conv2dShape s = Shape;
        int c = at % s.Inputs, u = at / s.Inputs % s.Width, v = at / s.Inputs / s.Width % s.Height, n = at / s.Inputs / s.Width / s.Height;
        (double sum, double size) = (0, 0);
        for (int tap = 0; tap < s.KernelHeight * s.KernelWidth; tap++)
        {
            int y = v + s.Padding.Top - (tap / s.KernelWidth), x = u + s.Padding.Left - (tap % s.KernelWidth);
            if (y < 0 || y % s.StrideHeight != 0 || y / s.StrideHeight >= s.OutputHeight || x < 0 || x % s.StrideWidth != 0
                || x / s.StrideWidth >= s.OutputWidth) continue;
            for (int o = 0; o < s.Outputs; o++)
                Add(ref sum, ref size, Output(n, y / s.StrideHeight, x / s.StrideWidth, o)
                    * (double)_weight!.AsSpan<float>()[(((tap * s.Inputs) + c) * s.Outputs) + o]);
        }

        return (sum, size);
    }

    private (double Sum, double Size) WeightElement(int at)
    {
        Conv2dShape s = Shape;
        int o = at % s.Outputs, c = at / s.Outputs % s.Inputs, tap = at / s.Outputs / s.Inputs;
        (double sum, double size) = (0, 0);
        for (int n = 0; n < s.Batch; n++)
            for (int y = 0; y < s.OutputHeight; y++)
                for (int x = 0; x < s.OutputWidth; x++)
                {
                    int v = (y * s.StrideHeight) + (tap / s.KernelWidth) - s.Padding.Top,
                        u = (x * s.StrideWidth) + (tap % s.KernelWidth) - s.Padding.Left;
                    if (v >= 0 && v < s.Height && u >= 0 && u < s.Width) Add(
                        ref sum, ref size, (double)Input(n, v, u, c) * Output(n, y, x, o));
                }

        return (sum, size);
    }

    private float Input(int n, int y, int x, int c) =>
        _input!.AsSpan<float>()[(((((n * Shape.Height) + y) * Shape.Width) + x) * Shape.Inputs) + c];

    private float Output(int n, int y, int x, int o) =>
        _output!.AsSpan<float>()[(((((n * Shape.OutputHeight) + y) * Shape.OutputWidth) + x) * Shape.Outputs) + o];

    private static void Add(ref double sum, ref double size, double product)
    {
        sum += product;
        size += Math.Abs(product);
    }
}
