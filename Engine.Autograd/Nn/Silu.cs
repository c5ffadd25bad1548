namespace Engine.Autograd.Nn;

/// <summary>x sigmoid(x), elementwise (Elfwing et al. 2017, arXiv:1702.03118).</summary>
public sealed class Silu : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Silu();
}
