using System.Numerics;

namespace Engine.Kernels;

public static unsafe partial class Conv2d
{
    private static void RunOnHost(
        CpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate)
    {
        if (output.DType == DType.Float32) Plain<float>(0, input, weight, output, shape, bias, activation, accumulate);
        else Plain<double>(0, input, weight, output, shape, bias, activation, accumulate);
    }

    private static void InputGradientOnHost(
        CpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate)
    {
        if (inputGradient.DType == DType.Float32) Plain<float>(1, inputGradient, weight, gradient, shape, bias, activation, accumulate);
        else Plain<double>(1, inputGradient, weight, gradient, shape, bias, activation, accumulate);
    }

    private static void WeightGradientOnHost(
        CpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate)
    {
        if (input.DType == DType.Float32) Plain<float>(2, input, weightGradient, gradient, shape, null, default, accumulate);
        else Plain<double>(2, input, weightGradient, gradient, shape, null, default, accumulate);
    }

    private static void Plain<T>(int target, Storage input, Storage weight, Storage output, in Conv2dShape s, Storage? bias, Activation activation, bool accumulate)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Storage result = target == 0 ? output : target == 1 ? input : weight;
        Span<T> x = input.AsSpan<T>(), w = weight.AsSpan<T>(), y = output.AsSpan<T>(), r = result.AsSpan<T>();
        if (!accumulate) r.Clear();
        int perIn = s.GroupInputs, perOut = s.GroupOutputs;
        for (int n = 0; n < s.Batch; n++)
            for (int oy = 0; oy < s.OutputHeight; oy++)
                for (int ox = 0; ox < s.OutputWidth; ox++)
                    for (int i = 0; i < s.KernelHeight; i++)
                        for (int j = 0; j < s.KernelWidth; j++)
                        {
                            int iy = (oy * s.StrideHeight) + (i * s.DilationHeight) - s.Padding.Top;
                            int ix = (ox * s.StrideWidth) + (j * s.DilationWidth) - s.Padding.Left;
                            if (iy < 0 || iy >= s.Height || ix < 0 || ix >= s.Width) continue;
                            int px = (((n * s.Height) + iy) * s.Width + ix) * s.Inputs, py = (((n * s.OutputHeight) + oy) * s.OutputWidth + ox) * s.Outputs;
                            for (int c = 0; c < perIn; c++)
                                for (int o = 0; o < s.Outputs; o++)
                                {
                                    int ci = px + (o / perOut * perIn) + c, wi = ((((i * s.KernelWidth) + j) * perIn) + c) * s.Outputs + o, yi = py + o;
                                    if (target == 0) y[yi] = T.FusedMultiplyAdd(x[ci], w[wi], y[yi]);
                                    else if (target == 1) x[ci] = T.FusedMultiplyAdd(y[yi], w[wi], x[ci]);
                                    else w[wi] = T.FusedMultiplyAdd(x[ci], y[yi], w[wi]);
                                }
                        }

        if (bias is not null)
        {
            Span<T> b = bias.AsSpan<T>();
            for (int i = 0; i < r.Length; i++) r[i] += b[i % b.Length];
        }

        for (int i = 0; i < r.Length; i++)
        {
            r[i] = activation.Kind switch
            {
                ActivationKind.Relu => T.Max(r[i], T.Zero),
                ActivationKind.LeakyRelu => r[i] > T.Zero ? r[i] : r[i] * T.CreateTruncating(activation.Slope),
                ActivationKind.Tanh => T.Tanh(r[i]),
                ActivationKind.Sigmoid => T.One / (T.One + T.Exp(-r[i])),
                _ => r[i],
            };
        }
    }
}
