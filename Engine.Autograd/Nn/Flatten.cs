namespace Engine.Autograd.Nn;

/// <summary>All axes but the first made one: [batch, ...] to [batch, features]. No element is copied.</summary>
public sealed class Flatten : Module
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no axis.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank < 1) throw new ArgumentException("Flatten: needs at least one axis, found a scalar.");
        return x.Reshape(x.Shape[0], x.Shape.Stride(0));
    }
}
