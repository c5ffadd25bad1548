namespace Engine.Models.Data;

/// <summary>Lengths of arrays from several factors, which overflow sooner than each of them.</summary>
internal static class ArrayLength
{
    /// <summary>How many elements a number of things has.</summary>
    /// <param name="operation">What is asked for, for the message.</param>
    /// <param name="name">The argument that says how many.</param>
    /// <param name="count">How many things.</param>
    /// <param name="each">The elements of each.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than none of them, or more than one array holds.</exception>
    internal static int Of(string operation, string name, int count, long each = 1)
    {
        long most = Array.MaxLength / Math.Max(1, each);
        if (count < 0 || count > most) throw new ArgumentOutOfRangeException(
            name, $"{operation}: {name} must be from 0 to {most}, found {count}.");
        return (int)(count * each);
    }
}
