namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The gradient of the weight [taps, inputs of a group, outputs] as rows (a tap and a channel of the left side) by columns (channels of the
/// right side).
/// </summary>
/// <param name="elements">The first element.</param>
/// <param name="tapStride">Elements from one tap to the next.</param>
/// <param name="channelStride">Elements from one channel of the left side to the next.</param>
/// <param name="columnStride">Elements from one channel of the right side to the next.</param>
/// <param name="groupStride">Elements from one group to the next.</param>
/// <param name="accumulate">Adds to what the gradient holds.</param>
internal readonly unsafe struct GradientTarget<T>(
    T* elements, nint tapStride, nint channelStride, nint columnStride, nint groupStride, bool accumulate)
    where T : unmanaged
{
    /// <summary>Writes a row of sums to its place.</summary>
    internal void Write(T* sums, int group, int tap, int channel, int column, int columns)
    {
        T* row = elements + (group * groupStride) + (tap * tapStride) + (channel * channelStride) + (column * columnStride);
        for (int j = 0; j < columns; j++)
        {
            T* element = row + (j * columnStride);
            *element = accumulate ? Scalar.Add(*element, sums[j]) : sums[j];
        }
    }
}
