using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.Gates;

namespace Engine.Models.Flow;

/// <summary>
/// The network of an image coupling: a convolution to hidden channels, gated residual blocks x + a sigmoid(b) each with a normalisation of
/// the channels of every pixel, and a convolution that begins at zero, so that the coupling begins as the identity (after Ho et al. 2019,
/// arXiv:1902.00275; the sizes are those of the UvA tutorial on flows). The activation is elu of x and of -x, side by side.
/// </summary>
public sealed class GatedConvolutions : Module
{
    private readonly Conv2d _first, _last;
    private readonly (Conv2d Wide, Conv2d Narrow, LayerNorm Norm)[] _blocks;

    /// <summary>Makes the network, with kernels of 3 x 3.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="hidden">Hidden channels.</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="blocks">Residual blocks.</param>
    /// <param name="options">Device, type and randomness.</param>
    public GatedConvolutions(int inputs, int hidden, int outputs, int blocks, ModuleOptions options)
    {
        _first = AddModule("first", new Conv2d(inputs, hidden, 3, options, padding: ConvPadding.Same));
        _blocks = new (Conv2d, Conv2d, LayerNorm)[blocks];
        for (int i = 0; i < blocks; i++)
        {
            string name = i.ToString(CultureInfo.InvariantCulture);
            _blocks[i] = (
                AddModule($"{name}_wide", new Conv2d(2 * hidden, hidden, 3, options, padding: ConvPadding.Same)),
                AddModule($"{name}_narrow", new Conv2d(2 * hidden, 2 * hidden, 1, options)),
                AddModule($"{name}_norm", new LayerNorm(hidden, options)));
        }

        _last = AddModule("last",
            new Conv2d(2 * hidden, outputs, 3, options, padding: ConvPadding.Same, weightInitializer: Initializers.Zeros,
                biasInitializer: Initializers.Zeros));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        x = _first.Forward(x);
        foreach ((Conv2d wide, Conv2d narrow, LayerNorm norm) in _blocks)
            x = norm.Forward(narrow.Forward(wide.Forward(x.ConcatElu()).ConcatElu()).GatedLinearUnit(residual: x));
        return _last.Forward(x.ConcatElu());
    }
}
