namespace Engine.Models.Autoregressive.Text;

/// <summary>How the next token is drawn from logits. The defaults draw from the model's own distribution.</summary>
public sealed record TokenSampling
{
    /// <summary>What logits are divided by: under 1 likely tokens become likelier; 0 takes the likeliest always.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Draws among so many of the likeliest tokens only (Fan et al. 2018, arXiv:1805.04833); 0 among all.</summary>
    public int TopK { get; init; }

    /// <summary>
    /// Draws among the fewest tokens that together have so much of the probability (nucleus sampling, Holtzman et al. 2019,
    /// arXiv:1904.09751); 1 among all.
    /// </summary>
    public double TopP { get; init; } = 1;

    /// <summary>The probability of each token, after temperature, top-k and top-p, in this order.</summary>
    /// <param name="logits">A logit for each token.</param>
    /// <exception cref="ArgumentException">There is no token, a logit is not a number, or an option is out of its range.</exception>
    public double[] Probabilities(ReadOnlySpan<float> logits)
    {
        Check();
        if (logits.Length == 0) throw new ArgumentException("TokenSampling: there is no token to draw.");
        double largest = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            if (float.IsNaN(logit)) throw new ArgumentException("TokenSampling: a logit is NaN.");
            largest = Math.Max(largest, logit);
        }

        // Likeliest first; of equal ones the first.
        int[] order = [.. Enumerable.Range(0, logits.Length)];
        float[] keys = logits.ToArray();
        Array.Sort(order, (a, b) => keys[b] != keys[a] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));
        int kept = Temperature == 0 ? 1 : TopK > 0 ? Math.Min(TopK, order.Length) : order.Length;

        // p = softmax(logits / temperature)
        double[] probabilities = new double[logits.Length];
        double sum = 0;
        for (int i = 0; i < kept; i++) sum += probabilities[order[i]] = Temperature == 0 ? 1
            : Math.Exp((logits[order[i]] - largest) / Temperature);
        double reached = 0;
        int nucleus = 0;
        while (nucleus < kept && (nucleus == 0 || reached < TopP * sum)) reached += probabilities[order[nucleus++]];
        for (int i = 0; i < kept; i++) probabilities[order[i]] = i < nucleus ? probabilities[order[i]] / reached : 0;
        return probabilities;
    }

    /// <summary>Draws a token.</summary>
    /// <param name="logits">A logit for each token.</param>
    /// <param name="uniform">A value drawn uniformly from [0, 1).</param>
    /// <exception cref="ArgumentException">There is no token, a logit is not a number, or an option is out of its range.</exception>
    public int Draw(ReadOnlySpan<float> logits, double uniform)
    {
        double[] probabilities = Probabilities(logits);
        int last = 0;
        for (int token = 0; token < probabilities.Length; token++)
        {
            if (probabilities[token] == 0) continue;
            last = token;
            if (uniform < probabilities[token]) return token;
            uniform -= probabilities[token];
        }

        return last;
    }

    private void Check()
    {
        if (!(Temperature >= 0) || double.IsInfinity(Temperature)) throw new ArgumentException(
            $"TokenSampling: the temperature must be at least 0, was {Temperature}.");
        if (TopK < 0) throw new ArgumentException($"TokenSampling: top-k must be at least 0, was {TopK}.");
        if (!(TopP is > 0 and <= 1)) throw new ArgumentException($"TokenSampling: top-p must be more than 0 and at most 1, was {TopP}.");
    }
}
