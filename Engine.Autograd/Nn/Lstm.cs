using Engine.Kernels;
using Engine.Kernels.Recurrent;

namespace Engine.Autograd.Nn;

/// <summary>Layers of long short-term memory (Hochreiter and Schmidhuber 1997). Gates are in PyTorch's order i, f, g, o.</summary>
public sealed class Lstm : RecurrentModule
{
    /// <summary>Creates the layers.</summary>
    /// <param name="inputs">Features in; at least 1.</param>
    /// <param name="hidden">Features of a state; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="layers">How many; at least 1.</param>
    /// <param name="dropout">The share of the outputs of each layer but the last that is dropped while training.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Lstm(int inputs, int hidden, ModuleOptions options, int layers = 1, double dropout = 0)
        : base(LstmCell.Gates, inputs, hidden, options, layers, dropout)
    {
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null, out _);

    /// <summary>The states of the last layer after every step, from a state before the first.</summary>
    /// <param name="x">[batch, steps, inputs].</param>
    /// <param name="initial">The state before the first step; null for 0.</param>
    /// <param name="last">The state after the last step. Gradients flow back through it; <see cref="Tensor.Detach"/> cuts them.</param>
    /// <returns>[batch, steps, hidden].</returns>
    /// <exception cref="ArgumentException">A shape or a type does not fit.</exception>
    public Tensor Forward(Tensor x, LstmState? initial, out LstmState last)
    {
        CheckInput(x);
        int batch = x.Shape[0];
        Tensor[] hidden = new Tensor[Layers], cells = new Tensor[Layers];
        for (int layer = 0; layer < Layers; layer++)
        {
            LayerParameters own = Layer(layer);
            Tensor gates = Input(x, layer).Linear(own.Input, own.InputBias + own.HiddenBias);
            x = gates.Lstm(own.Hidden, OfLayer(initial?.Hidden, batch, layer), OfLayer(initial?.Cell, batch, layer), out Tensor cell);
            hidden[layer] = Last(x);
            cells[layer] = cell.Reshape(1, batch, Hidden);
        }

        last = new LstmState(Stack(hidden), Stack(cells));
        return x;
    }
}

/// <summary>The state of a long short-term memory between two steps.</summary>
/// <param name="Hidden">h of each layer, [layers, batch, hidden].</param>
/// <param name="Cell">c of each layer, likewise.</param>
public readonly record struct LstmState(Tensor Hidden, Tensor Cell);
