using Engine.Kernels.Conv.Gpu;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// The text of a step in PTX where shared memory has the operands depth by depth, 128 lines of each beside each other
/// (<see cref="TensorTileWeightGradient"/>): ldmatrix cannot turn 4-byte numbers, so each lane reads its own. Registers are those of
/// <see cref="TensorTilePtx"/>.
/// </summary>
internal static class TransposedTilePtx
{
    /// <summary>
    /// Eight depths with TF32: 32 numbers of each lane, from %0 (op(A)) and %1 (op(B)) on, where lines that are 8 apart lie in an order
    /// that %2, 32 times the lane's depth modulo 4, says; and the 32 products of each with each.
    /// </summary>
    internal const string StepTf32 =
        "{ .reg .u32 p<4>, q<4>, x, y, z; add.u32 x, tiles, %0; add.u32 y, tiles, %1; add.u32 p0, x, %2; add.u32 q0, y, %2; " +
        "xor.b32 z, %2, 32; add.u32 p1, x, z; add.u32 q1, y, z; xor.b32 z, %2, 64; add.u32 p2, x, z; add.u32 q2, y, z; xor.b32 z, %2, "
        + "96; add.u32 p3, x, z; add.u32 q3, y, z; " +
        Read + "a0, [p0+0]; " + Read + "a1, [p1+0]; " + Read + "a2, [p0+2048]; " + Read + "a3, [p1+2048]; " +
        Read + "a4, [p2+0]; " + Read + "a5, [p3+0]; " + Read + "a6, [p2+2048]; " + Read + "a7, [p3+2048]; " +
        Read + "a8, [p0+128]; " + Read + "a9, [p1+128]; " + Read + "a10, [p0+2176]; " + Read + "a11, [p1+2176]; " +
        Read + "a12, [p2+128]; " + Read + "a13, [p3+128]; " + Read + "a14, [p2+2176]; " + Read + "a15, [p3+2176]; " +
        Read + "b0, [q0+0]; " + Read + "b1, [q0+2048]; " + Read + "b2, [q1+0]; " + Read + "b3, [q1+2048]; " +
        Read + "b4, [q2+0]; " + Read + "b5, [q2+2048]; " + Read + "b6, [q3+0]; " + Read + "b7, [q3+2048]; " +
        Read + "b8, [q0+128]; " + Read + "b9, [q0+2176]; " + Read + "b10, [q1+128]; " + Read + "b11, [q1+2176]; " +
        Read + "b12, [q2+128]; " + Read + "b13, [q2+2176]; " + Read + "b14, [q3+128]; " + Read + "b15, [q3+2176]; " +
        TensorTilePtx.ProductsTf32 + " }";

    private const string Read = "ld.shared.b32 ";
}
