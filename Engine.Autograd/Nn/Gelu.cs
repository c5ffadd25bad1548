namespace Engine.Autograd.Nn;

/// <summary>x Phi(x), elementwise, Phi being the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415).</summary>
/// <param name="approximate">True for the form with tanh; see <see cref="Tensor.Gelu"/>.</param>
public sealed class Gelu(bool approximate = false) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Gelu(approximate);
}
