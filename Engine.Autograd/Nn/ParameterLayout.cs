namespace Engine.Autograd.Nn;

/// <summary>How the axes of a parameter stand to those that other frameworks write. A layer says it when it makes the parameter.</summary>
public enum ParameterLayout
{
    /// <summary>Every framework has the same axes: biases, scales, tables of embeddings.</summary>
    Same,

    /// <summary>
    /// [kernel..., inputs, outputs], where PyTorch has [outputs, inputs, kernel...]: the weights of fully connected layers and
    /// convolutions. Of transposed convolutions too: [kernel..., outputs, inputs] here, [inputs, outputs, kernel...] there.
    /// </summary>
    OutputsLast,
}
