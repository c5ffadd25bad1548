namespace Engine.Autograd.Losses;

/// <summary>What becomes of a loss or a log-density that is computed for each element.</summary>
public enum Reduction
{
    /// <summary>Nothing: one number for each element.</summary>
    None,

    /// <summary>
    /// The sums over the innermost axis, in the pass that computes the elements: one number for each sample of [samples, n].
    /// </summary>
    Rows,

    /// <summary>The sum of all.</summary>
    Sum,

    /// <summary>The mean of all.</summary>
    Mean,
}
