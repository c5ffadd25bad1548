using Engine.Kernels.Conv;

namespace Engine.Tests.Conv;

/// <summary>Convolutions by their definition, in double, with the sum of magnitudes that bounds the rounding of each element.</summary>
internal static class ConvReference
{
    internal enum Target
    {
        Output,
        Input,
        Weight,
    }

    /// <summary>The index of each shape, and the shape for people to read.</summary>
    internal static TheoryData<int, string> Numbered(Conv2dShape[] shapes)
    {
        TheoryData<int, string> cases = [];
        for (int i = 0; i < shapes.Length; i++) cases.Add(i, shapes[i].ToString());
        return cases;
    }

    /// <summary>Sums of products for one of the three arrays from the other two; the array itself is not read.</summary>
    internal static (double Sum, double Size)[] Sums(Conv2dShape s, Target target, double[] input, double[] weight, double[] output)
    {
        long length = target == Target.Output ? s.LengthOutput : target == Target.Input ? s.LengthInput : s.LengthWeight;
        (double Sum, double Size)[] result = new (double, double)[length];
        int perInput = s.Inputs / s.Groups, perOutput = s.Outputs / s.Groups;
        for (int n = 0; n < s.Batch; n++)
            for (int y = 0; y < s.OutputHeight; y++)
                for (int x = 0; x < s.OutputWidth; x++)
                    for (int i = 0; i < s.KernelHeight; i++)
                        for (int j = 0; j < s.KernelWidth; j++)
                        {
                            int v = (y * s.StrideHeight) + (i * s.DilationHeight) - s.Padding.Top,
                                u = (x * s.StrideWidth) + (j * s.DilationWidth) - s.Padding.Left;
                            if ((i * s.KernelWidth) + j >= s.LiveTaps) continue;
                            if (v < 0 || v >= s.Height || u < 0 || u >= s.Width) continue;
                            int source = ((((n * s.Height) + v) * s.Width) + u) * s.Inputs,
                                place = ((((n * s.OutputHeight) + y) * s.OutputWidth) + x) * s.Outputs;
                            for (int o = 0; o < s.Outputs; o++)
                                for (int c = 0; c < perInput; c++)
                                {
                                    int a = source + (o / perOutput * perInput) + c,
                                        b = (((((i * s.KernelWidth) + j) * perInput) + c) * s.Outputs) + o, d = place + o;
                                    (int at, double product) = target switch
                                    {
                                        Target.Output => (d, input[a] * weight[b]),
                                        Target.Input => (a, output[d] * weight[b]),
                                        _ => (b, input[a] * output[d]),
                                    };
                                    result[at] = (result[at].Sum + product, result[at].Size + Math.Abs(product));
                                }
                        }

        return result;
    }
}
