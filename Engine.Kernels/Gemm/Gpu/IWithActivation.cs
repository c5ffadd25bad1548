using Engine.Kernels.Mapping;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>What goes on with an activation as a type, so that there is a kernel of its own for each.</summary>
internal interface IWithActivation
{
    /// <summary>Goes on.</summary>
    void Run<TActivation>(TActivation activation) where TActivation : unmanaged, IUnaryOp;
}

/// <summary>From the activation that a caller names to its type.</summary>
internal static class ActivationTypes
{
    internal static void Give<TNext>(this Activation activation, TNext next) where TNext : struct, IWithActivation
    {
        switch (activation.Kind)
        {
            case ActivationKind.Relu: next.Run(new Relu()); break;
            case ActivationKind.LeakyRelu: next.Run(new Elementwise.LeakyRelu(activation.Slope)); break;
            case ActivationKind.Tanh: next.Run(new Elementwise.Tanh()); break;
            case ActivationKind.Sigmoid: next.Run(new Elementwise.Sigmoid()); break;
            default: next.Run(new Identity()); break;
        }
    }
}
