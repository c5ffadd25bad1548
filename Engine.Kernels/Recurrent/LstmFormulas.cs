using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Recurrent;

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
        V one = V.Of(1);
        V squashed = LaneMath.Tanh(V.MulAdd(f, cell, i * g));
        V dc = V.MulAdd(dHidden * o, one - (squashed * squashed), dCell);
        dCell = dc * f;
        V dInput = dc * g * i * (one - i), dCandidate = dc * i * (one - (g * g));
        o = dHidden * squashed * o * (one - o);
        f = dc * cell * f * (one - f);
        (i, g) = (dInput, dCandidate);
    }
}
