using Engine.Kernels.Recurrent.Gpu;
using Engine.Kernels.Recurrent.Host;

namespace Engine.Kernels.Recurrent;

/// <summary>
/// One step of a gated recurrent unit (Cho et al. 2014, arXiv:1406.1078), all of its gates in one pass over memory, of float or double. The
/// gates are in the order of PyTorch: reset r, update z, candidate n. The reset gate applies to the product with the state, behind its
/// bias.
/// </summary>
public static class GruCell
{
    /// <summary>The number of gates.</summary>
    public const int Gates = 3;

    /// <summary>The values that are kept of each state for the backward pass: r, z, n, and the product that r applies to.</summary>
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
        Device device = Arguments.Floating(
            Operation, (nameof(input), input, Gates * shape.Length), (nameof(product), product, Gates * shape.StepLength),
            (nameof(hidden), hidden, shape.StepLength), (nameof(output), output, shape.Length), (nameof(kept), kept, Kept * shape.Length),
            (nameof(hiddenBefore), hiddenBefore, shape.Length));
        if (shape.StepLength == 0) return;
        LaneDispatch.Run(
            device, input.DType, new HostGruCell.Forward(shape, step, input, product, hidden, output, kept, hiddenBefore),
            new GpuGruCell.Forward(shape, step, input, product, hidden, output, kept, hiddenBefore));
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
        Device device = Arguments.Floating(
            Operation, (nameof(gradient), gradient, shape.Length), (nameof(hiddenGradient), hiddenGradient, shape.StepLength),
            (nameof(kept), kept, Kept * shape.Length),
            (nameof(hiddenBefore), hiddenBefore, shape.Length), (nameof(inputGradient), inputGradient, Gates * shape.Length),
            (nameof(productGradient), productGradient, Gates * shape.StepLength),
            (nameof(productGradients), productGradients, Gates * shape.Length));
        if (shape.StepLength == 0) return;
        LaneDispatch.Run(
            device, gradient.DType, new HostGruCell.Backward(
                shape, step, gradient, hiddenGradient, kept, hiddenBefore, inputGradient, productGradient, productGradients),
            new GpuGruCell.Backward(
                shape, step, gradient, hiddenGradient, kept, hiddenBefore, inputGradient, productGradient, productGradients));
    }
}

/// <summary>What a cell of a gated recurrent unit computes of its gates, once for vectors and for GPU threads.</summary>
internal static class GruFormulas
{
    /// <summary>From what was added up for r and z, the two parts of n, and h, to the gates and h'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Forward<V>(ref V r, ref V z, V input, V product, out V n, ref V hidden) where V : unmanaged, ILane<V>
    {
        r = LaneMath.Sigmoid(r);
        z = LaneMath.Sigmoid(z);
        n = LaneMath.Tanh(V.MulAdd(r, product, input));
        hidden = V.MulAdd(z, hidden - n, n);
    }

    /// <summary>
    /// From the gates, p_n, h and the gradient of h' to the gradients of what was added up, in place of the gates, of p_n, and of h.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Backward<V>(ref V r, ref V z, ref V n, ref V product, V hidden, ref V dHidden) where V : unmanaged, ILane<V>
    {
        // A gradient of 0 stays 0, whatever the state is: a loss of earlier steps does not see a NaN that comes later.
        V one = V.Of(1), zero = V.Of(0), dh = dHidden;
        V dn = V.SelectEqual(dh, zero, dh, dh * (one - z) * (one - (n * n)));
        V dz = V.SelectEqual(dh, zero, dh, dh * (hidden - n) * z * (one - z));
        dHidden = V.SelectEqual(dh, zero, dh, dh * z);
        V dr = V.SelectEqual(dn, zero, dn, dn * product * r * (one - r));
        product = V.SelectEqual(dn, zero, dn, dn * r);
        (r, z, n) = (dr, dz, dn);
    }
}
