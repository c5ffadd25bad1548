namespace Engine.Models.Variational;

/// <summary>The distribution of an image given the decoder's output.</summary>
public enum Reconstruction
{
    /// <summary>Each pixel is on with probability sigmoid(output): the loss is the binary cross-entropy from logits.</summary>
    Bernoulli,

    /// <summary>
    /// The squared error of sigmoid(output): but for a constant, each pixel normal around it with variance 1/2.
    /// </summary>
    SquaredError,
}
