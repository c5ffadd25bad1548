namespace Engine.Tests.Operations;

/// <summary>What a reference computed: the values and, for sums, the sum of the absolute terms of each.</summary>
internal sealed record Expected(double[] Values, double[] Terms)
{
    internal Expected(double[] values) : this(values, [])
    {
    }

    internal Expected(int count) : this(new double[count], new double[count])
    {
    }

    /// <summary>Adds a term to an element.</summary>
    internal void Add(int place, double term)
    {
        Values[place] += term;
        Terms[place] += Math.Abs(term);
    }
}
