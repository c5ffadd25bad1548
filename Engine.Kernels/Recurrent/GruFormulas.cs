using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Recurrent;

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
        V one = V.Of(1);
        V dn = dHidden * (one - z) * (one - (n * n));
        V dz = dHidden * (hidden - n) * z * (one - z);
        dHidden *= z;
        V dr = dn * product * r * (one - r);
        product = dn * r;
        (r, z, n) = (dr, dz, dn);
    }
}
