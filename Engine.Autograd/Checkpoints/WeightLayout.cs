namespace Engine.Autograd.Checkpoints;

/// <summary>Whose axes the weights of a file have.</summary>
public enum WeightLayout
{
    /// <summary>The engine's: [kernel..., inputs, outputs].</summary>
    Engine,

    /// <summary>PyTorch's, as a <c>state_dict</c> holds them: [outputs, inputs, kernel...].</summary>
    PyTorch,
}
