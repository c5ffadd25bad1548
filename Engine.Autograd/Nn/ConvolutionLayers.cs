namespace Engine.Autograd.Nn;

/// <summary>What the constructors of the convolutional layers check.</summary>
internal static class ConvolutionLayers
{
    internal static void Check(string layer, int inputs, int outputs, (int Height, int Width) kernel, int groups)
    {
        if (inputs < 1 || outputs < 1) throw new ArgumentOutOfRangeException(
            null, $"{layer}: inputs and outputs must be at least 1 channel, found {inputs} and {outputs}.");
        if (kernel.Height < 1 || kernel.Width < 1) throw new ArgumentOutOfRangeException(
            nameof(kernel), $"{layer}: the kernel must be at least 1 x 1, found {kernel.Height} x {kernel.Width}.");
        if (inputs % groups != 0 || outputs % groups != 0) throw new ArgumentException(
            $"{layer}: {groups} groups do not divide {inputs} inputs and {outputs} outputs.");
    }
}
