namespace Engine.Autograd.Nn;

/// <summary>
/// Layer normalisation (Ba et al. 2016, arXiv:1607.06450) over the innermost axis: [..., features]. The parameters <c>weight</c> and
/// <c>bias</c> are [features] each. Training and evaluation are the same.
/// </summary>
public sealed class LayerNorm : Module
{
    private readonly double _epsilon;

    /// <summary>Creates the layer.</summary>
    /// <param name="features">The extent of the innermost axis; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="epsilon">The constant that is added to the variance; positive and finite.</param>
    /// <param name="affine">False for a layer without weight and bias.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no features, or epsilon is not positive and finite.</exception>
    public LayerNorm(int features, ModuleOptions options, double epsilon = 1e-5, bool affine = true)
    {
        CheckExtent(features);
        if (!(epsilon > 0) || double.IsInfinity(epsilon)) throw new ArgumentOutOfRangeException(
            nameof(epsilon), epsilon, $"LayerNorm: epsilon must be positive and finite, found {epsilon}.");
        _epsilon = epsilon;
        if (!affine) return;
        Weight = NewParameter("weight", [features], Initializers.Ones, options);
        Bias = NewParameter("bias", [features], Initializers.Zeros, options);
    }

    internal double Epsilon => _epsilon;

    /// <summary>What each normalised feature is multiplied by: [features]; null when the layer is not affine.</summary>
    public Parameter? Weight { get; }

    /// <summary>What is added to each feature: [features]; null when the layer is not affine.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.LayerNorm(Weight, Bias, _epsilon);
}
