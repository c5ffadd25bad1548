namespace ILGPU;

/// <summary>How much dynamic shared memory a launch asks for.</summary>
internal readonly struct SharedMemoryConfig
{
    public static readonly SharedMemoryConfig Empty;

    public SharedMemoryConfig(int numElements, int elementSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(numElements);
        ArgumentOutOfRangeException.ThrowIfNegative(elementSize);
        NumElements = numElements;
        ElementSize = elementSize;
    }

    public int NumElements { get; }

    public int ElementSize { get; }

    public int ArraySize => checked(NumElements * ElementSize);

    public bool UsesDynamicSharedMemory => NumElements > 0 && ElementSize > 0;

    public static SharedMemoryConfig RequestDynamic<T>(int numElements)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numElements);
        return new(numElements, ArrayView<T>.ElementSize);
    }
}
