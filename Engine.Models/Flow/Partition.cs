namespace Engine.Models.Flow;

/// <summary>How the elements of a vector are divided into two halves.</summary>
public enum Partition
{
    /// <summary>The first half and the second; with an odd number of elements the first has one more.</summary>
    Halves,

    /// <summary>Elements 0, 2, 4, ... and elements 1, 3, 5, ...; their number must be even.</summary>
    EvenAndOdd,
}
