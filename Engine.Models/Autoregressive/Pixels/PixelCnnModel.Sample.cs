using Engine.Autograd;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

public abstract partial class PixelCnnModel
{
    /// <summary>New images, drawn pixel by pixel.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="labels">The class of each image, for a model that is told of classes.</param>
    /// <param name="temperature">What logits are divided by: 1 draws from the model, less makes the likely likelier.</param>
    /// <returns>Pixels in [0, 1], image after image.</returns>
    /// <exception cref="ArgumentException">The labels do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public float[] Sample(int count, int height, int width, RandomStream random, ReadOnlySpan<int> labels = default, double temperature = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return Complete(new float[checked(count * height * width)], [count, height, width, 1], 0, random, labels, temperature);
    }

    /// <summary>Images of which the upper rows are given and the others drawn, pixel by pixel.</summary>
    /// <param name="images">Pixels in [0, 1], image after image; what stands below the given rows is not read.</param>
    /// <param name="shape">[images, height, width, 1].</param>
    /// <param name="given">Rows that are given, from 0 to the height.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="labels">The class of each image, for a model that is told of classes.</param>
    /// <param name="temperature">What logits are divided by: 1 draws from the model, less makes the likely likelier.</param>
    /// <returns>All pixels in [0, 1], image after image.</returns>
    /// <exception cref="ArgumentException">The shape or the labels do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public float[] Complete(
        ReadOnlySpan<float> images, Shape shape, int given, RandomStream random, ReadOnlySpan<int> labels = default, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (shape.Rank != 4 || images.Length != shape.Count) throw new ArgumentException(
            $"Complete: expected {shape.Count} pixels for {shape}, found {images.Length}.");
        ArgumentOutOfRangeException.ThrowIfNegative(given);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(given, shape[1]);
        if (!(temperature > 0) || !double.IsFinite(temperature)) throw new ArgumentOutOfRangeException(
            nameof(temperature), temperature, "A temperature must be positive and finite.");
        Device device = Parameters[0].Device;
        using IDisposable evaluation = Evaluating();
        using Drawing drawing = new(this, images, shape, labels);
        for (int row = 0; row < shape[1]; row++)
        {
            // What is known of a whole row, at once; then its pixels one after another, or where they are given all together.
            using Tape tape = new(device, record: false);
            Tensor[] above = drawing.BeginRow(row);
            if (row < given) drawing.Take(above);
            for (int column = 0; column < shape[2] && row >= given; column++) drawing.Draw(above, column, random, temperature);
        }

        return drawing.Images();
    }

    /// <summary>Images on their way.</summary>
    private sealed class Drawing : IDisposable
    {
        private readonly PixelCnnModel _model;
        private readonly PixelHistory _history;
        private readonly Shape _shape;
        private readonly Tensor _images;
        private readonly Tensor? _labels;

        internal Drawing(PixelCnnModel model, ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels)
        {
            Device device = model.Parameters[0].Device;
            (_model, _shape) = (model, shape);
            using (Tape tape = new(device, record: false)) _images = tape.Keep(Tensor.From(images, shape).Cast(model.Parameters[0].DType));
            if (!labels.IsEmpty) _labels = Tensor.From(labels, [labels.Length], device);
            _history = new PixelHistory(shape[0], shape[1], shape[2]);
            try
            {
                model.Check(shape, _labels);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        internal Tensor[] BeginRow(int row)
        {
            (_history.Row, _history.Column) = (row, 0);
            return _model.Above(Pixels(0, _shape[2]), _labels, _history);
        }

        /// <summary>Goes over a row that is given.</summary>
        internal void Take(Tensor[] above) => _model.Along(Pixels(0, _shape[2]), above, _labels, _history);

        /// <summary>Draws the next pixel of the row.</summary>
        internal void Draw(Tensor[] above, int column, RandomStream random, double temperature)
        {
            using Tape tape = new(_images.Device, record: false);
            _history.Column = column;
            Tensor[] ofPixel = Array.ConvertAll(above, tensor => tensor.Slice(2, column, 1));
            Tensor logits = _model.Along(Pixels(column, 1), ofPixel, _labels, _history);
            if (_model.Levels == 2) logits = Tensor.Concat(-1, Tensor.Zeros(logits.Shape, logits.DType), logits);
            Tensor level = Sampling.Categorical(logits * (1 / temperature), random);
            Tensor pixel = (level.Cast(_images.DType) * (1.0 / (_model.Levels - 1))).Reshape(_shape[0], 1, 1, 1);
            Move.WriteSlice(pixel.Storage, pixel.Shape, _images.Storage, _shape, [0, _history.Row, column, 0]);
            _history.Observe(pixel);
        }

        internal float[] Images()
        {
            using Tape tape = new(_images.Device, record: false);
            return _images.Cast(DType.Float32).ToArray();
        }

        public void Dispose()
        {
            _history.Dispose();
            _labels?.Dispose();
            _images.Dispose();
        }

        /// <summary>Pixels of the current row: [batch, 1, columns, 1].</summary>
        private Tensor Pixels(int column, int columns)
        {
            Tensor pixels = Tensor.Zeros([_shape[0], 1, columns, 1], _images.DType);
            Move.Slice(_images.Storage, _shape, [0, _history.Row, column, 0], pixels.Shape, pixels.Storage);
            return pixels;
        }
    }
}
