using Engine.Kernels;
using Engine.Kernels.Recurrent;

namespace Engine.Autograd.Nn;

/// <summary>Layers of gated recurrent units (Cho et al. 2014, arXiv:1406.1078). Gates are in PyTorch's order r, z, n.</summary>
public sealed class Gru : RecurrentModule
{
    /// <summary>Creates the layers.</summary>
    /// <param name="inputs">Features in; at least 1.</param>
    /// <param name="hidden">Features of a state; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="layers">How many; at least 1.</param>
    /// <param name="dropout">The share of the outputs of each layer but the last that is dropped while training.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Gru(int inputs, int hidden, ModuleOptions options, int layers = 1, double dropout = 0)
        : base(GruCell.Gates, inputs, hidden, options, layers, dropout)
    {
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null, out _);

    /// <summary>The states of the last layer after every step, from a state before the first.</summary>
    /// <param name="x">[batch, steps, inputs].</param>
    /// <param name="initial">The state before the first step, [layers, batch, hidden]; null for 0.</param>
    /// <param name="last">The state after the last step, likewise. Gradients flow back through it; <see cref="Tensor.Detach"/> cuts
    /// them.</param>
    /// <returns>[batch, steps, hidden].</returns>
    /// <exception cref="ArgumentException">A shape or a type does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor? initial, out Tensor last)
    {
        CheckInput(x);
        int batch = x.Shape[0];
        Tensor[] hidden = new Tensor[Layers];
        for (int layer = 0; layer < Layers; layer++)
        {
            LayerParameters own = Layer(layer);
            Tensor gates = Input(x, layer).Linear(own.Input, own.InputBias);
            x = gates.Gru(own.Hidden, own.HiddenBias, OfLayer(initial, batch, layer));
            hidden[layer] = Last(x);
        }

        last = Stack(hidden);
        return x;
    }
}
