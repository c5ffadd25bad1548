namespace Engine.Autograd.Nn;

/// <summary>log(1 + e^x), elementwise.</summary>
public sealed class Softplus : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Softplus();
}
