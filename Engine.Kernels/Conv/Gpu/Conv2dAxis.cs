namespace Engine.Kernels.Conv.Gpu;

/// <summary>A convolution along one axis: tap k of output o is at o stride + k dilation - before among the inputs.</summary>
internal readonly struct Conv2dAxis(int inputs, int outputs, int kernel, int stride, int before, int dilation)
{
    internal readonly int Inputs = inputs, Outputs = outputs, Kernel = kernel, Stride = stride, Before = before, Dilation = dilation;

    /// <summary>Taps from one that meets an input to the next that does: stride / gcd(stride, dilation).</summary>
    internal readonly int TapStep = stride / CommonDivisor(stride, dilation);

    private static int CommonDivisor(int a, int b) => b == 0 ? a : CommonDivisor(b, a % b);
}
