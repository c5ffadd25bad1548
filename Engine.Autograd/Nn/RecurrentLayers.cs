using System.Globalization;
using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>What recurrent layers have in common.</summary>
internal static class RecurrentLayers
{
    internal static void Check(string name, int inputs, int hidden, int layers)
    {
        if (inputs < 1 || hidden < 1 || layers < 1)
            throw new ArgumentOutOfRangeException(nameof(layers), $"{name}: inputs, hidden and layers must be at least 1, found {inputs}, {hidden} and {layers}.");
    }

    /// <summary>PyTorch's name of a parameter of a layer: <c>weight_ih_l0</c>.</summary>
    internal static string Name(string parameter, int layer) => string.Create(CultureInfo.InvariantCulture, $"{parameter}_l{layer}");

    internal static void CheckInput(string name, Tensor x, int inputs)
    {
        if (x.Shape.Rank != 3 || x.Shape[2] != inputs || x.Count == 0) throw new ArgumentException($"{name}: expected [batch, steps, {inputs}] with at least one step, found {x.Shape}.");
    }

    /// <summary>The state of one layer, [batch, hidden]; null where there is none.</summary>
    internal static Tensor? OfLayer(string name, Tensor? state, Shape expected, int layer)
    {
        if (state is null) return null;
        if (state.Shape != expected) throw new ArgumentException($"{name}: expected a state {expected}, [layers, batch, hidden], found {state.Shape}.");
        return state.Slice(0, layer, 1).Reshape(expected[1], expected[2]);
    }

    /// <summary>The states behind the last step, [1, batch, hidden], from those behind every step.</summary>
    internal static Tensor Last(Tensor output) => output.Slice(1, output.Shape[1] - 1, 1).Reshape(1, output.Shape[0], output.Shape[2]);

    internal static Tensor Stack(Tensor[] layers) => layers.Length == 1 ? layers[0] : Tensor.Concat(0, layers);
}
