namespace Engine.Autograd.Nn;

/// <summary>x where x > 0, alpha (e^x - 1) elsewhere, elementwise (Clevert et al. 2015, arXiv:1511.07289).</summary>
public sealed class Elu : Module
{
    private readonly double _alpha;

    /// <summary>Makes the layer.</summary>
    /// <param name="alpha">What it goes to for very negative x, without its sign; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">alpha is negative, or no number.</exception>
    public Elu(double alpha = 1)
    {
        if (!(alpha >= 0)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "Elu: alpha must be at least 0.");
        _alpha = alpha;
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Elu(_alpha);
}
