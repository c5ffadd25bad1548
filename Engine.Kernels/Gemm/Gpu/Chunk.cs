namespace Engine.Kernels.Gemm.Gpu;

/// <summary>Sixteen bytes of a packed operand: four TF32 or eight bfloat16 numbers, neighbours in depth.</summary>
internal readonly struct Chunk(uint x, uint y, uint z, uint w)
{
    internal readonly uint X = x, Y = y, Z = z, W = w;
}
