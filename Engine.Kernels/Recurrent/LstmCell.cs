using Engine.Kernels.Recurrent.Gpu;
using Engine.Kernels.Recurrent.Host;

namespace Engine.Kernels.Recurrent;

/// <summary>
/// One step of a long short-term memory (Hochreiter and Schmidhuber 1997; with a forget gate, Gers et al. 2000), all of its gates in one
/// pass over memory, of float or double. The gates are in the order of PyTorch: input i, forget f, candidate g, output o.
/// </summary>
public static class LstmCell
{
    /// <summary>The number of gates.</summary>
    public const int Gates = 4;

    /// <summary>
    /// With a = input + product: i = sigmoid(a_i), f = sigmoid(a_f), g = tanh(a_g), o = sigmoid(a_o); c' = f c + i g; h' = o tanh(c').
    /// </summary>
    /// <param name="shape">The extents.</param>
    /// <param name="step">The step.</param>
    /// <param name="input">What the input of every step adds, [Batch, Steps, Positions, 4 Hidden].</param>
    /// <param name="product">What the state before adds, [Batch, Positions, 4 Hidden].</param>
    /// <param name="hidden">h, [Batch, Positions, Hidden]: becomes h'.</param>
    /// <param name="cell">c, likewise: becomes c'.</param>
    /// <param name="output">Receives h' at its step, [Batch, Steps, Positions, Hidden].</param>
    /// <param name="gates">Receives i, f, g, o at their step, of the shape of <paramref name="input"/>.</param>
    /// <param name="hiddenBefore">Receives h at its step, of the shape of <paramref name="output"/>.</param>
    /// <param name="cellBefore">Receives c at its step, likewise.</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void Forward(
        RecurrentShape shape, int step, Storage input, Storage product, Storage hidden, Storage cell, Storage output, Storage gates,
        Storage hiddenBefore, Storage cellBefore)
    {
        const string Operation = "LstmCell.Forward";
        shape.Check(Operation, step);
        Device device = Arguments.Floating(
            Operation, (nameof(input), input, Gates * shape.Length), (nameof(product), product, Gates * shape.StepLength),
            (nameof(hidden), hidden, shape.StepLength), (nameof(cell), cell, shape.StepLength), (nameof(output), output, shape.Length),
            (nameof(gates), gates, Gates * shape.Length), (nameof(hiddenBefore), hiddenBefore, shape.Length),
            (nameof(cellBefore), cellBefore, shape.Length));
        if (shape.StepLength == 0) return;
        LaneDispatch.Run(
            device, input.DType, new HostLstmCell.Forward(
                shape, step, input, product, hidden, cell, output, gates, hiddenBefore, cellBefore),
            new GpuLstmCell.Forward(shape, step, input, product, hidden, cell, output, gates, hiddenBefore, cellBefore));
    }

    /// <summary>
    /// The derivative of a step, the last step first. With dh the gradients of h' from the output and from the step after, and dc that of
    /// c': dc += dh o (1 - tanh²c'); da_o = dh tanh(c') o (1 - o), da_i = dc g i (1 - i), da_f = dc c f (1 - f), da_g = dc i (1 - g²); that
    /// of c is dc f.
    /// </summary>
    /// <param name="shape">The extents.</param>
    /// <param name="step">The step.</param>
    /// <param name="gradient">The gradient of the output of all steps, [Batch, Steps, Positions, Hidden].</param>
    /// <param name="hiddenGradient">The gradient of h' from the step after, [Batch, Positions, Hidden].</param>
    /// <param name="cellGradient">The gradient of c' from the step after, likewise: becomes that of c.</param>
    /// <param name="gates">i, f, g, o of the forward pass.</param>
    /// <param name="cellBefore">c of the forward pass.</param>
    /// <param name="inputGradient">Receives da at its step, [Batch, Steps, Positions, 4 Hidden].</param>
    /// <param name="productGradient">Receives da, too: [Batch, Positions, 4 Hidden].</param>
    /// <exception cref="ArgumentException">Devices, types, extents or lengths do not match.</exception>
    public static void Backward(
        RecurrentShape shape, int step, Storage gradient, Storage hiddenGradient, Storage cellGradient, Storage gates, Storage cellBefore,
        Storage inputGradient, Storage productGradient)
    {
        const string Operation = "LstmCell.Backward";
        shape.Check(Operation, step);
        Device device = Arguments.Floating(
            Operation, (nameof(gradient), gradient, shape.Length), (nameof(hiddenGradient), hiddenGradient, shape.StepLength),
            (nameof(cellGradient), cellGradient, shape.StepLength), (nameof(gates), gates, Gates * shape.Length),
            (nameof(cellBefore), cellBefore, shape.Length), (nameof(inputGradient), inputGradient, Gates * shape.Length),
            (nameof(productGradient), productGradient, Gates * shape.StepLength));
        if (shape.StepLength == 0) return;
        LaneDispatch.Run(
            device, gradient.DType, new HostLstmCell.Backward(
                shape, step, gradient, hiddenGradient, cellGradient, gates, cellBefore, inputGradient, productGradient),
            new GpuLstmCell.Backward(
                shape, step, gradient, hiddenGradient, cellGradient, gates, cellBefore, inputGradient, productGradient));
    }
}

/// <summary>What a cell of a long short-term memory computes of its gates, once for vectors and for GPU threads.</summary>
internal static class LstmFormulas
{
    /// <summary>From what was added up for each gate, and c, to the gates, c' and h'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Forward<V>(ref V i, ref V f, ref V g, ref V o, ref V cell, out V hidden) where V : unmanaged, ILane<V>
    {
        i = LaneMath.Sigmoid(i);
        f = LaneMath.Sigmoid(f);
        g = LaneMath.Tanh(g);
        o = LaneMath.Sigmoid(o);
        cell = V.MulAdd(f, cell, i * g);
        hidden = o * LaneMath.Tanh(cell);
    }

    /// <summary>
    /// From the gates, c and the gradients of h' and c' to the gradients of what was added up, in place of the gates, and of c.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Backward<V>(ref V i, ref V f, ref V g, ref V o, V cell, V dHidden, ref V dCell) where V : unmanaged, ILane<V>
    {
        // A gradient of 0 stays 0, whatever the state is: a loss of earlier steps does not see a NaN that comes later.
        V one = V.Of(1), zero = V.Of(0);
        V squashed = LaneMath.Tanh(V.MulAdd(f, cell, i * g));
        V dc = V.SelectEqual(dHidden, zero, dCell, V.MulAdd(dHidden * o, one - (squashed * squashed), dCell));
        dCell = V.SelectEqual(dc, zero, dc, dc * f);
        V dInput = V.SelectEqual(dc, zero, dc, dc * g * i * (one - i)),
            dCandidate = V.SelectEqual(dc, zero, dc, dc * i * (one - (g * g)));
        o = V.SelectEqual(dHidden, zero, dHidden, dHidden * squashed * o * (one - o));
        f = V.SelectEqual(dc, zero, dc, dc * cell * f * (one - f));
        (i, g) = (dInput, dCandidate);
    }
}
