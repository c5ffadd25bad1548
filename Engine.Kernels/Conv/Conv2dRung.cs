using Engine.Kernels.Gemm;

namespace Engine.Kernels.Conv;

/// <summary>
/// The rungs of the ladder of GPU kernels for a convolution and its gradients: the rungs of <see cref="MatMulRung"/> with an operand that
/// is not in memory, but found in the image. The rung is chosen by the shape; <c>ENGINE_KERNEL=conv:N</c> chooses it for all of a process.
/// </summary>
public enum Conv2dRung
{
    /// <summary>One thread computes one element and reads all that it needs from memory.</summary>
    Naive = 1,

    /// <summary>A group of 16 x 16 threads shares what it reads: tiles go through shared memory.</summary>
    SharedTile = 2,

    /// <summary>A group of 256 threads computes a tile of 64 x 64, each thread 4 x 4 elements in registers.</summary>
    RegisterTile = 3,

    /// <summary>
    /// The same, with the tiles of three steps on their way to shared memory while one is computed from (cp.async). Float32; NVIDIA's cards
    /// from sm_80 on.
    /// </summary>
    AsyncTile = 4,

    /// <summary>Tensor cores (mma.sync) on operands rounded to TF32; NVIDIA's cards from sm_80 on.</summary>
    Tf32 = 5,

    /// <summary>Tensor cores on operands rounded to bfloat16, likewise; in the gradient of the weight to TF32.</summary>
    BFloat16 = 6,
}
