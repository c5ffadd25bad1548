using System.Runtime.CompilerServices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Conv.Gpu;

/// <summary>The 4 x 4 sums that a thread of <see cref="RegisterTileConv2d"/> or <see cref="AsyncTileConv2d"/> keeps in registers.</summary>
internal readonly struct Conv2dSums<TLane> where TLane : unmanaged, ILane<TLane>
{
    private readonly Four<TLane> _c0, _c1, _c2, _c3;

    /// <summary>All zero.</summary>
    internal Conv2dSums(Four<TLane> zero) => _c0 = _c1 = _c2 = _c3 = zero;

    /// <summary>The sums and one step along the depth: four rows times four columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Conv2dSums(Conv2dSums<TLane> before, Four<TLane> a, Four<TLane> b)
    {
        _c0 = Four<TLane>.MulAdd(a.X, b, before._c0);
        _c1 = Four<TLane>.MulAdd(a.Y, b, before._c1);
        _c2 = Four<TLane>.MulAdd(a.Z, b, before._c2);
        _c3 = Four<TLane>.MulAdd(a.W, b, before._c3);
    }

    /// <summary>Writes them to the result: <paramref name="row"/> and <paramref name="column"/> are those of the first.</summary>
    internal void Write<TProduct, TActivation>(
        TProduct part, Conv2dViews<TLane> views, int split, int row, int column, TActivation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        views.Write(part, split, row, column, _c0, activation);
        views.Write(part, split, row + 1, column, _c1, activation);
        views.Write(part, split, row + 2, column, _c2, activation);
        views.Write(part, split, row + 3, column, _c3, activation);
    }
}
