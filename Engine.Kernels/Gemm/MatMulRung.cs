namespace Engine.Kernels.Gemm;

/// <summary>
/// The rungs of the ladder of GPU kernels for a matrix product, each the next idea on the way to a fast one. The rung is chosen by the
/// shape; <c>ENGINE_KERNEL=matmul:N</c> chooses it for all products of a process.
/// </summary>
public enum MatMulRung
{
    /// <summary>One thread computes one element and reads all that it needs from memory.</summary>
    Naive = 1,

    /// <summary>A group of 16 x 16 threads shares what it reads: tiles go through shared memory.</summary>
    SharedTile = 2,

    /// <summary>A group of 256 threads computes a tile of 128 x 128, each thread 8 x 8 elements in registers, with 16-byte loads.</summary>
    RegisterTile = 3,

    /// <summary>
    /// The same, with the tiles of three steps on their way to shared memory while one is computed from (cp.async). Float32; NVIDIA's cards
    /// from sm_80 on.
    /// </summary>
    AsyncTile = 4,

    /// <summary>Tensor cores (mma.sync) on operands rounded to TF32; NVIDIA's cards from sm_80 on.</summary>
    Tf32 = 5,

    /// <summary>Tensor cores on operands rounded to bfloat16; NVIDIA's cards from sm_80 on.</summary>
    BFloat16 = 6,
}
