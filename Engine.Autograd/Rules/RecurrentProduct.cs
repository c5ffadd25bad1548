using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;
using Engine.Kernels.Recurrent;

namespace Engine.Autograd.Rules;

/// <summary>
/// What the states of a recurrent layer add to the gates of the step after: a matrix product with a weight [hidden, gates * hidden], or
/// where cells lie side by side a convolution along them with a weight [1, taps, hidden, gates * hidden].
/// </summary>
internal sealed class RecurrentProduct
{
    private readonly RecurrentShape _shape;
    private readonly Tensor _weight;
    private readonly int _gates;

    internal RecurrentProduct(RecurrentShape shape, Tensor weight, int gates) => (_shape, _weight, _gates) = (shape, weight, gates);

    private int Outputs => _gates * _shape.Hidden;

    private bool IsConvolution => _weight.Shape.Rank == 4;

    /// <summary>From the states of one step to what they add.</summary>
    internal void Run(Storage hidden, Storage product, Storage? bias)
    {
        if (IsConvolution) Kernels.Conv.Conv2d.Run(hidden, _weight.Storage, product, Rows(_shape.Batch), bias);
        else MatMul.Run(hidden, _weight.Storage, product, new MatMulShape(_shape.Cells, Outputs, _shape.Hidden), bias);
    }

    /// <summary>From the gradient of what was added to that of the states.</summary>
    internal void Gradient(Storage productGradient, Storage hiddenGradient, bool accumulate)
    {
        if (IsConvolution) Kernels.Conv.Conv2d.InputGradient(
            productGradient, _weight.Storage, hiddenGradient, Rows(_shape.Batch), accumulate: accumulate);
        else MatMul.Run(productGradient, _weight.Storage, hiddenGradient,
            new MatMulShape(_shape.Cells, _shape.Hidden, Outputs, TransposeB: true), accumulate: accumulate);
    }

    /// <summary>The gradient of the weight, from the states before all steps and the gradients of all products, at once.</summary>
    internal void WeightGradient(Storage hiddenBefore, Storage productGradients, Storage weightGradient)
    {
        if (IsConvolution) Kernels.Conv.Conv2d.WeightGradient(
            hiddenBefore, productGradients, weightGradient, Rows(_shape.Batch * _shape.Steps));
        else MatMul.Run(hiddenBefore, productGradients, weightGradient,
            new MatMulShape(_shape.Hidden, Outputs, _shape.Cells * _shape.Steps, TransposeA: true));
    }

    /// <summary>
    /// As <see cref="Run"/>, in differentiable operations: [batch, positions, gates * hidden] for [batch, positions, hidden].
    /// </summary>
    internal Tensor Composed(Tensor hidden, Tensor weight, Tensor? bias)
    {
        Shape product = [_shape.Batch, _shape.Positions, Outputs];
        if (!IsConvolution) return hidden.Linear(weight, bias).Reshape(product);
        int pad = weight.Shape[1] / 2;
        Conv2dOptions options = new(1, Conv2dPadding.Symmetric(0, pad));
        return hidden.Reshape(_shape.Batch, 1, _shape.Positions, _shape.Hidden).Conv2d(weight, bias, options).Reshape(product);
    }

    private Conv2dShape Rows(int batch)
    {
        int taps = _weight.Shape[1];
        return new Conv2dShape(batch, 1, _shape.Positions, _shape.Hidden, Outputs, 1, taps, Padding: Conv2dPadding.Symmetric(0, taps / 2));
    }
}
