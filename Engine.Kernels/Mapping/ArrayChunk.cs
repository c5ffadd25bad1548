using System.Runtime.InteropServices;
using Engine.Kernels.Norms;

namespace Engine.Kernels.Mapping;

/// <summary>
/// A piece of the arrays that one group of threads takes in a kernel over many arrays: device addresses of its first elements, and how many
/// there are.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ArrayChunk
{
    /// <summary>
    /// Elements of a chunk: four for each of 256 threads, so that the arrays of a small network, too, are enough chunks for a whole card.
    /// </summary>
    internal const int Elements = 1024;

    internal long X, First, Second, Third, Fourth;
    internal int Count;
    private readonly int _unused;

    /// <summary>Whether another has as many elements, and addresses of as many kinds.</summary>
    internal readonly bool IsLike(ArrayChunk other) =>
        Count == other.Count && X == 0 == (other.X == 0) && First == 0 == (other.First == 0) && Second == 0 == (other.Second == 0)
            && Third == 0 == (other.Third == 0) && Fourth == 0 == (other.Fourth == 0);

    /// <summary>The chunk from an element of the array on.</summary>
    internal readonly ArrayChunk From(int element, int elementBytes)
    {
        long bytes = (long)element * elementBytes;
        return new()
        {
            X = X + bytes, First = First + bytes, Second = Second + bytes, Third = Third + bytes, Fourth = Fourth + bytes,
            Count = Math.Min(Elements, Count - element),
        };
    }
}
