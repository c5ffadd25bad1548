using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>Writes four neighbouring sums to C: what it held, bias and activation are applied on the way.</summary>
internal readonly struct TileWriter(MatMulLayout layout, int item)
{
    internal void Write<TLane, TActivation>(
        ArrayView<TLane> c, ArrayView<TLane> bias, int row, int column, Four<TLane> sum, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        if (row >= layout.M || column >= layout.N) return;
        int at = layout.AtC(item, row, column);
        if (layout.FoursC == 0)
        {
            One(c, bias, at, column, sum.X, activation);
            if (column + 1 < layout.N) One(c, bias, at + 1, column + 1, sum.Y, activation);
            if (column + 2 < layout.N) One(c, bias, at + 2, column + 2, sum.Z, activation);
            if (column + 3 < layout.N) One(c, bias, at + 3, column + 3, sum.W, activation);
            return;
        }

        ArrayView<Four<TLane>> fours = c.Cast<Four<TLane>>();
        TLane one = TLane.Of(1);
        if (layout.Accumulate != 0) sum = Four<TLane>.MulAdd(one, fours[at / 4], sum);
        if (layout.HasBias != 0) sum = Four<TLane>.MulAdd(one, bias.Cast<Four<TLane>>()[column / 4], sum);
        fours[at / 4] = new(activation.Apply(sum.X), activation.Apply(sum.Y), activation.Apply(sum.Z), activation.Apply(sum.W));
    }

    private void One<TLane, TActivation>(ArrayView<TLane> c, ArrayView<TLane> bias, int at, int column, TLane sum, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        if (layout.Accumulate != 0) sum += c[at];
        if (layout.HasBias != 0) sum += bias[column];
        c[at] = activation.Apply(sum);
    }
}
