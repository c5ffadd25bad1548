using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;
using Engine.Kernels.Movement;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// The inputs that the masked convolutions of a model have seen of images that are drawn pixel by pixel. A feature that has been computed
/// does not change any more, because it sees earlier pixels alone: so each layer keeps what went into it, and a further pixel costs each
/// layer one pixel instead of the whole image (Ramachandran et al. 2017, arXiv:1704.06001).
/// </summary>
internal sealed class PixelHistory : IDisposable
{
    private readonly Dictionary<MaskedConv2d, Seen> _seen = [];
    private readonly int _batch, _height, _width;

    /// <summary>The history of a batch of images of one size, at the first pixel.</summary>
    internal PixelHistory(int batch, int height, int width) => (_batch, _height, _width) = (batch, height, width);

    /// <summary>The row that is computed.</summary>
    internal int Row { get; set; }

    /// <summary>The first column that is computed.</summary>
    internal int Column { get; set; }

    /// <summary>
    /// A layer's outputs at some pixels of the current row, from the current column on: [batch, 1, columns, outputs] for the inputs of
    /// those pixels [batch, 1, columns, inputs]. Where these are pixels of the image that are still to be drawn, the mask hides them, and
    /// <see cref="Observe"/> supplies them when they are drawn.
    /// </summary>
    internal Tensor Convolve(MaskedConv2d layer, Tensor x, Activation activation)
    {
        if (!_seen.TryGetValue(layer, out Seen? seen))
        {
            int down = layer.Weight.Shape[0] / 2 * layer.Dilation, right = layer.Weight.Shape[1] / 2 * layer.Dilation;
            seen = new Seen(x.Storage, [_batch, _height + down, _width + (2 * right), x.Shape[3]], down, right);
            _seen.Add(layer, seen);
        }

        int columns = x.Shape[2];
        Write(seen, x);

        // The pixels' neighbourhood: the rows above them, their own, and what lies beside them.
        Shape box = [_batch, seen.Down + 1, columns + (2 * seen.Right), x.Shape[3]];
        Tensor around = Tensor.Zeros(box, x.DType);
        Move.Slice(seen.Storage, seen.Shape, [0, Row, Column, 0], box, around.Storage);
        return around.MaskedConv2d(layer.Weight, layer.Bias, layer.Mask, layer.Dilation, activation, new Conv2dPadding(0, seen.Down, 0, 0));
    }

    /// <summary>
    /// Updates the layers that see the image with what was drawn in the current row, from the current column on: [batch, 1, columns,
    /// channels].
    /// </summary>
    internal void Observe(Tensor pixels)
    {
        foreach ((MaskedConv2d layer, Seen seen) in _seen)
            if (layer.Mask is ConvMask.A or ConvMask.VerticalA) Write(seen, pixels);
    }

    public void Dispose()
    {
        foreach (Seen seen in _seen.Values) seen.Storage.Release();
    }

    private void Write(Seen seen, Tensor pixels) =>
        Move.WriteSlice(pixels.Storage, pixels.Shape, seen.Storage, seen.Shape, [0, Row + seen.Down, Column + seen.Right, 0]);

    /// <summary>The inputs of a layer so far, with zeros around them.</summary>
    private sealed class Seen
    {
        internal Seen(Storage like, Shape shape, int down, int right)
        {
            (Shape, Down, Right) = (shape, down, right);
            Storage = like.Device.Allocate(like.DType, shape.Count);
            Move.Fill(Storage, 0);
        }

        internal Storage Storage { get; }

        internal Shape Shape { get; }

        /// <summary>How far the layer looks up.</summary>
        internal int Down { get; }

        /// <summary>How far it looks to either side.</summary>
        internal int Right { get; }
    }
}
