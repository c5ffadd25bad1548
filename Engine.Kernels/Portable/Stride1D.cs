namespace ILGPU;

/// <summary>Strides of one-dimensional views.</summary>
internal static class Stride1D
{
    /// <summary>Elements lie side by side.</summary>
    public readonly struct Dense : IStride1D
    {
        public int XStride => 1;

        public Index1D StrideExtent => Index1D.One;
    }
}
