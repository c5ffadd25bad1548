namespace ILGPU;

/// <summary>The stride of a one-dimensional view, in elements.</summary>
internal interface IStride1D
{
    int XStride { get; }
}
