using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// PixelRNN with Row LSTM layers (van den Oord et al. 2016, arXiv:1601.06759) of binary images: p(x) = product over the pixels, row by row,
/// of p(pixel | those before it). A first masked convolution of 7 x 7, residual Row LSTM layers, and two 1 x 1 convolutions that end in a
/// logit for each pixel.
/// </summary>
public sealed class PixelRnn : Module, IPixelModel
{
    /// <summary>How far the first convolution sees up and to either side.</summary>
    private const int Reach = 3;

    private readonly Conv2d _above, _left;
    private readonly RowLstmLayer[] _layers;
    private readonly Sequential _head;

    /// <summary>Creates the model.</summary>
    /// <param name="height">Rows of an image; at least 1.</param>
    /// <param name="width">Columns of an image; at least 1.</param>
    /// <param name="hidden">Features of the state of a pixel in a Row LSTM; twice as many features go from layer to layer.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="layers">How many Row LSTM layers.</param>
    /// <param name="head">Features of the hidden layer of the head.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    public PixelRnn(int height, int width, int hidden, ModuleOptions options, int layers = 2, int head = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(head, 1);
        (Height, Width, Hidden) = (height, width, hidden);

        // A mask of type A leaves a 7 x 7 kernel the three rows above and the three pixels to the left: two convolutions of these taps
        // alone.
        _above = AddModule("above",
            new Conv2d(1, 2 * hidden, (Reach, (2 * Reach) + 1), options, new Conv2dOptions(1, Conv2dPadding.Symmetric(0, Reach))));
        _left = AddModule("left", new Conv2d(1, 2 * hidden, (1, Reach), options, default, bias: false));
        _layers = new RowLstmLayer[layers];
        for (int i = 0; i < layers; i++) _layers[i] = AddModule($"layer{i}", new RowLstmLayer(hidden, options));
        _head = AddModule("head",
            new Sequential(new Relu(), new Linear(2 * hidden, head, options), new Relu(), new Linear(head, 1, options)));
    }

    /// <summary>Rows of an image.</summary>
    public int Height { get; }

    /// <summary>Columns of an image.</summary>
    public int Width { get; }

    /// <summary>Features of the state of a pixel.</summary>
    public int Hidden { get; }

    /// <summary>Row LSTM layers.</summary>
    public int Layers => _layers.Length;

    /// <summary>Pixels of an image.</summary>
    public int Pixels => Height * Width;

    /// <summary>Always 0: the model is unconditional.</summary>
    public int Classes => 0;

    /// <summary>The logit of each pixel from those before it: [batch, pixels] for [batch, pixels].</summary>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank != 2 || x.Shape[1] != Pixels) throw new ArgumentException(
            $"PixelRnn: expected [batch, {Pixels}], found {x.Shape}.");
        return Rows(x.Reshape(x.Shape[0], Height, Width, 1).Pad(1, Reach, 0), null, out _).Reshape(x.Shape);
    }

    /// <inheritdoc/>
    public Tensor LogLikelihood(Tensor images, Tensor? labels = null)
    {
        Tensor x = PixelModels.Flat(nameof(PixelRnn), Pixels, images, labels);
        return Autograd.Likelihoods.LogLikelihood.Bernoulli(Forward(x), x);
    }

    /// <inheritdoc/>
    public double[] LogLikelihood(
        ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels = default, int atOnce = 100,
        CancellationToken cancellation = default) => PixelModels.LogLikelihood(this, images, shape, labels, atOnce, cancellation);

    /// <summary>Some rows of images.</summary>
    /// <param name="x">The rows with the three above them, [batch, 3 + rows, columns, 1].</param>
    /// <param name="above">The states of the layers in the row above; null at the top of the images.</param>
    /// <param name="last">The states of the layers in the last row.</param>
    private Tensor Rows(Tensor x, (Tensor Hidden, Tensor Cell)[]? above, out (Tensor Hidden, Tensor Cell)[] last)
    {
        int rows = x.Shape[1] - Reach;

        // Without the row itself, and without the pixel itself: the first output sees what comes before the first pixel.
        Tensor up = x.Slice(1, 0, rows + Reach - 1), left = x.Slice(1, Reach, rows).Pad(2, Reach, 0).Slice(2, 0, Width + Reach - 1);
        Tensor h = _above.Forward(up) + _left.Forward(left);
        last = new (Tensor, Tensor)[_layers.Length];
        for (int i = 0; i < _layers.Length; i++) h = _layers[i].Forward(h, above?[i], out last[i]);
        return _head.Forward(h);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A pixel costs one pass over its row: what the rows above add to it is in the states of the row above, which do not change any more.
    /// </remarks>
    public float[] Sample(
        Shape shape, RandomStream random, ReadOnlySpan<float> known = default, ReadOnlySpan<int> labels = default, double temperature = 1,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(random);
        PixelModels.CheckPixels(nameof(PixelRnn), Pixels, shape);
        PixelModels.CheckTemperature(temperature);
        if (!labels.IsEmpty) throw PixelModels.NoClasses(nameof(PixelRnn));
        int count = shape[0];
        Device device = Parameters[0].Device;
        float[] images = PixelModels.Start(count, Pixels, known, out bool[] isOpen),
            chances = PixelModels.Chances(count * Pixels, random, device);
        using Tape tape = new(device, record: false);
        (Tensor Hidden, Tensor Cell)[]? above = null;
        try
        {
            for (int row = 0; row < Height; row++)
            {
                for (int column = 0; column < Width; column++)
                {
                    int pixel = (row * Width) + column;
                    if (!isOpen[pixel]) continue;
                    cancellation.ThrowIfCancellationRequested();
                    using Tape ofPixel = new(device, record: false);
                    double[] logits = Rows(Around(images, count, row), above, out _).ToDoubles();
                    for (int i = 0; i < count; i++)
                    {
                        int at = (i * Pixels) + pixel;
                        if (PixelModels.IsOpen(known, at))
                            images[at] = PixelModels.Draw(logits[(i * Width) + column] / temperature, chances[at]);
                    }
                }

                cancellation.ThrowIfCancellationRequested();
                using Tape ofRow = new(device, record: false);
                Rows(Around(images, count, row), above, out (Tensor Hidden, Tensor Cell)[] last);
                (Tensor Hidden, Tensor Cell)[]? before = above;
                above = Array.ConvertAll(last, state => (ofRow.Keep(state.Hidden), ofRow.Keep(state.Cell)));
                Release(before);
            }
        }
        finally
        {
            Release(above);
        }

        return images;
    }

    // A row of each image with the three above it, [count, 4, columns, 1]; what is above the image is 0.
    private Tensor Around(float[] images, int count, int row)
    {
        float[] rows = new float[count * (Reach + 1) * Width];
        for (int i = 0; i < count; i++)
        {
            int first = Math.Max(0, row - Reach), length = (row + 1 - first) * Width;
            images.AsSpan((i * Pixels) + (first * Width), length).CopyTo(rows.AsSpan(((i + 1) * (Reach + 1) * Width) - length));
        }

        return Tensor.From(rows, [count, Reach + 1, Width, 1]).Cast(Parameters[0].DType);
    }

    private static void Release((Tensor Hidden, Tensor Cell)[]? states)
    {
        foreach ((Tensor hidden, Tensor cell) in states ?? [])
        {
            hidden.Dispose();
            cell.Dispose();
        }
    }
}
