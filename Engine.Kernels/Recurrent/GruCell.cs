using Engine.Kernels.Devices;
using Engine.Kernels.Norms;

namespace Engine.Kernels.Recurrent;

/// <summary>
/// One step of a gated recurrent unit (Cho et al. 2014, arXiv:1406.1078), all of its gates in one pass over memory, of float or double. The
/// gates stand in the order of PyTorch: reset r, update z, candidate n. The reset gate applies to the product with the state, behind its
/// bias.
/// </summary>
public static partial class GruCell
{
    /// <summary>The number of gates.</summary>
    public const int Gates = 3;

    /// <summary>The numbers that are kept of each state for the way back: r, z, n, and the product that r applies to.</summary>
    public const int Kept = 4;

    /// <summary>r = sigmoid(x_r + p_r), z = sigmoid(x_z + p_z), n = tanh(x_n + r p_n); h' = (1 - z) n + z h.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="step">The step.</param>
    /// <param name="input">x: what the input of every step adds, [Batch, Steps, Positions, 3 Hidden].</param>
    /// <param name="product">p: what the state before adds, [Batch, Positions, 3 Hidden].</param>
    /// <param name="hidden">h, [Batch, Positions, Hidden]: becomes h'.</param>
    /// <param name="output">Receives h' at its step, [Batch, Steps, Positions, Hidden].</param>
    /// <param name="kept">Receives r, z, n and p_n at their step, [Batch, Steps, Positions, 4 Hidden].</param>
    /// <param name="hiddenBefore">Receives h at its step, of the shape of <paramref name="output"/>.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void Forward(
        RecurrentShape shape, int step, Storage input, Storage product, Storage hidden, Storage output, Storage kept, Storage hiddenBefore)
    {
        const string Operation = "GruCell.Forward";
        shape.Check(Operation, step);
        Device device = NormArguments.Check(
            Operation, input, Gates * shape.Length, (nameof(product), product, Gates * shape.StepLength),
            (nameof(hidden), hidden, shape.StepLength),
            (nameof(output), output, shape.Length), (nameof(kept), kept, Kept * shape.Length),
            (nameof(hiddenBefore), hiddenBefore, shape.Length));
        if (shape.StepLength == 0) return;
        if (device is CpuDevice cpu) ForwardOnHost(cpu, shape, step, input, product, hidden, output, kept, hiddenBefore);
        else ForwardOnIlgpu((GpuDevice)device, shape, step, input, product, hidden, output, kept, hiddenBefore);
    }

    /// <summary>
    /// The derivative of a step, the last step first. With dh the gradients of h' from the output and from the step after: dx_n = dh (1 -
    /// z) (1 - n²), dx_z = dh (h - n) z (1 - z), dx_r = dx_n p_n r (1 - r); dp is dx but for dp_n = dx_n r; that of h is dh z and what dp
    /// brings.
    /// </summary>
    /// <param name="shape">The extents.</param>
    /// <param name="step">The step.</param>
    /// <param name="gradient">The gradient of the output of all steps, [Batch, Steps, Positions, Hidden].</param>
    /// <param name="hiddenGradient">The gradient of h' from the step after, [Batch, Positions, Hidden]: becomes dh z.</param>
    /// <param name="kept">r, z, n and p_n of the forward pass.</param>
    /// <param name="hiddenBefore">h of the forward pass.</param>
    /// <param name="inputGradient">Receives dx at its step, [Batch, Steps, Positions, 3 Hidden].</param>
    /// <param name="productGradient">Receives dp, [Batch, Positions, 3 Hidden].</param>
    /// <param name="productGradients">Receives dp at its step, of the shape of <paramref name="inputGradient"/>.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void Backward(
        RecurrentShape shape, int step, Storage gradient, Storage hiddenGradient, Storage kept, Storage hiddenBefore, Storage inputGradient,
        Storage productGradient, Storage productGradients)
    {
        const string Operation = "GruCell.Backward";
        shape.Check(Operation, step);
        Device device = NormArguments.Check(
            Operation, gradient, shape.Length, (nameof(hiddenGradient), hiddenGradient, shape.StepLength),
            (nameof(kept), kept, Kept * shape.Length),
            (nameof(hiddenBefore), hiddenBefore, shape.Length), (nameof(inputGradient), inputGradient, Gates * shape.Length),
            (nameof(productGradient), productGradient, Gates * shape.StepLength),
            (nameof(productGradients), productGradients, Gates * shape.Length));
        if (shape.StepLength == 0) return;
        if (device is CpuDevice cpu) BackwardOnHost(
            cpu, shape, step, gradient, hiddenGradient, kept, hiddenBefore, inputGradient, productGradient, productGradients);
        else BackwardOnIlgpu((GpuDevice)device, shape, step, gradient, hiddenGradient, kept, hiddenBefore, inputGradient, productGradient,
            productGradients);
    }
}
