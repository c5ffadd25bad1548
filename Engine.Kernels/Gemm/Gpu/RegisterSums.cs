using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// The 8 x 8 sums that a thread of <see cref="RegisterTileMatMul"/> or <see cref="AsyncTileMatMul"/> keeps in registers. They are sixteen
/// <see cref="Four{T}"/> with names: an array would lie in local memory, which is memory. Rows are 4 y and 64 + 4 y onwards of the tile,
/// columns 4 x and 64 + 4 x.
/// </summary>
internal readonly struct RegisterSums<TLane> where TLane : unmanaged, ILane<TLane>
{
    private readonly Four<TLane> _c00, _c01, _c10, _c11, _c20, _c21, _c30, _c31, _c40, _c41, _c50, _c51, _c60, _c61, _c70, _c71;

    /// <summary>All zero.</summary>
    internal RegisterSums(Four<TLane> zero)
    {
        _c00 = _c01 = _c10 = _c11 = _c20 = _c21 = _c30 = _c31 = zero;
        _c40 = _c41 = _c50 = _c51 = _c60 = _c61 = _c70 = _c71 = zero;
    }

    /// <summary>The sums and one step along K: eight rows times eight columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal RegisterSums(RegisterSums<TLane> before, Four<TLane> upper, Four<TLane> lower, Four<TLane> left, Four<TLane> right)
    {
        _c00 = Four<TLane>.MulAdd(upper.X, left, before._c00);
        _c01 = Four<TLane>.MulAdd(upper.X, right, before._c01);
        _c10 = Four<TLane>.MulAdd(upper.Y, left, before._c10);
        _c11 = Four<TLane>.MulAdd(upper.Y, right, before._c11);
        _c20 = Four<TLane>.MulAdd(upper.Z, left, before._c20);
        _c21 = Four<TLane>.MulAdd(upper.Z, right, before._c21);
        _c30 = Four<TLane>.MulAdd(upper.W, left, before._c30);
        _c31 = Four<TLane>.MulAdd(upper.W, right, before._c31);
        _c40 = Four<TLane>.MulAdd(lower.X, left, before._c40);
        _c41 = Four<TLane>.MulAdd(lower.X, right, before._c41);
        _c50 = Four<TLane>.MulAdd(lower.Y, left, before._c50);
        _c51 = Four<TLane>.MulAdd(lower.Y, right, before._c51);
        _c60 = Four<TLane>.MulAdd(lower.Z, left, before._c60);
        _c61 = Four<TLane>.MulAdd(lower.Z, right, before._c61);
        _c70 = Four<TLane>.MulAdd(lower.W, left, before._c70);
        _c71 = Four<TLane>.MulAdd(lower.W, right, before._c71);
    }

    /// <summary>Writes them to C: <paramref name="row"/> and <paramref name="column"/> are those of the first.</summary>
    internal void Write<TActivation>(
        TileWriter writer, ArrayView<TLane> c, ArrayView<TLane> bias, int row, int column, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        writer.Write(c, bias, row, column, _c00, activation);
        writer.Write(c, bias, row, column + 64, _c01, activation);
        writer.Write(c, bias, row + 1, column, _c10, activation);
        writer.Write(c, bias, row + 1, column + 64, _c11, activation);
        writer.Write(c, bias, row + 2, column, _c20, activation);
        writer.Write(c, bias, row + 2, column + 64, _c21, activation);
        writer.Write(c, bias, row + 3, column, _c30, activation);
        writer.Write(c, bias, row + 3, column + 64, _c31, activation);
        writer.Write(c, bias, row + 64, column, _c40, activation);
        writer.Write(c, bias, row + 64, column + 64, _c41, activation);
        writer.Write(c, bias, row + 65, column, _c50, activation);
        writer.Write(c, bias, row + 65, column + 64, _c51, activation);
        writer.Write(c, bias, row + 66, column, _c60, activation);
        writer.Write(c, bias, row + 66, column + 64, _c61, activation);
        writer.Write(c, bias, row + 67, column, _c70, activation);
        writer.Write(c, bias, row + 67, column + 64, _c71, activation);
    }
}
