namespace Engine.Kernels.Attention;

/// <summary>The extents of an attention.</summary>
/// <param name="Batch">How many sequences there are.</param>
/// <param name="Heads">How many heads attend side by side.</param>
/// <param name="Queries">The positions that attend; with <paramref name="IsCausal"/> these are the last ones of the keys'
/// positions.</param>
/// <param name="Keys">The positions that are attended to.</param>
/// <param name="Width">The numbers of a query, key or value of one head.</param>
/// <param name="IsCausal">Whether a position attends to itself and those before it only.</param>
public readonly record struct AttentionShape(int Batch, int Heads, int Queries, int Keys, int Width, bool IsCausal = false)
{
    /// <summary>What the scores are multiplied by: 1 / sqrt(width).</summary>
    public double Scale => 1 / Math.Sqrt(Width);

    /// <summary>The numbers of all heads at a position.</summary>
    public int Channels => Heads * Width;

    /// <summary>The rows of all heads of all sequences: one number of log-sum-exp for each.</summary>
    internal long Rows => (long)Batch * Heads * Queries;

    internal long OutputLength => (long)Batch * Queries * Channels;

    /// <summary>How many keys a query attends to, from the first one on.</summary>
    internal int Visible(int query) => IsCausal ? query + 1 + Keys - Queries : Keys;

    /// <summary>Refuses what is no attention.</summary>
    /// <exception cref="ArgumentException">An extent is negative, or there is a query without a key to attend to.</exception>
    internal void Check(string operation)
    {
        if (Batch < 0 || Heads < 1 || Queries < 0 || Keys < 1 || Width < 1)
            throw new ArgumentException($"{operation}: expected at least one head, key and number in each, found {this}.");
        if (IsCausal && Keys < Queries)
            throw new ArgumentException(
                $"{operation}: causal queries are the last of the keys' positions, so there must be as many keys at least; found "
                + $"{Queries} queries and {Keys} keys.");
    }
}
