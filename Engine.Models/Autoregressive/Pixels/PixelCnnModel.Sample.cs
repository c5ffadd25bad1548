using Engine.Autograd;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

public abstract partial class PixelCnnModel
{
    /// <inheritdoc/>
    public float[] Sample(
        Shape shape, RandomStream random, ReadOnlySpan<float> known = default, ReadOnlySpan<int> labels = default, double temperature = 1,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (shape.Rank != 4) throw new ArgumentException($"Sample: expected a shape [images, height, width, channels], found {shape}.");
        PixelModels.CheckTemperature(temperature);
        float[] start = PixelModels.Start(shape[0], shape.Count / Math.Max(1, shape[0]), known, out bool[] isOpen);
        using IDisposable evaluation = Evaluating();
        using Drawing drawing = new(this, start, shape, labels);
        for (int row = 0; row < shape[1]; row++)
        {
            cancellation.ThrowIfCancellationRequested();

            // The vertical features of a whole row at once; then its pixels one after another or, where all of them are known, together.
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor[] above = drawing.BeginRow(row);
            int values = shape[2] * shape[3];
            ReadOnlySpan<bool> isOpenInRow = isOpen.AsSpan(row * values, values);
            if (!isOpenInRow.Contains(true))
            {
                drawing.Pass(above, 0, shape[2]);
                continue;
            }

            for (int column = 0; column < shape[2]; column++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (isOpenInRow.Slice(column * shape[3], shape[3]).Contains(true)) drawing.Draw(above, column, random, temperature, known);
                else drawing.Pass(above, column, 1);
            }
        }

        return drawing.Images();
    }

    /// <summary>Images that are being drawn.</summary>
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
            return _model.Above(_model.Seen(Pixels(0, _shape[2])), _labels, _history);
        }

        /// <summary>Computes the layers at known pixels of the row, which later pixels depend on.</summary>
        internal void Pass(Tensor[] above, int column, int columns)
        {
            using Tape tape = new(_images.Device, record: false);
            Logits(above, column, columns);
        }

        /// <summary>Draws the next pixel of the row, of each image in which it is not known.</summary>
        internal void Draw(Tensor[] above, int column, RandomStream random, double temperature, ReadOnlySpan<float> known)
        {
            using Tape tape = new(_images.Device, record: false);
            Tensor logits = Logits(above, column, 1);
            if (_model._mixture is { } mixture)
            {
                float[] chances = Tensor.Uniform([_shape[0] * (1 + _shape[3])], random).ToArray();
                float[] drawn = mixture.Draw(logits.ToDoubles(), chances, temperature, Known(known, column));
                Set(Tensor.From(drawn, [_shape[0], 1, 1, _shape[3]]).Cast(_images.DType), column);
                return;
            }

            if (_model.Levels == 2) logits = Tensor.Concat(-1, Tensor.Zeros(logits.Shape, logits.DType), logits);
            Tensor level = Sampling.Categorical(logits / temperature, random);
            Tensor pixel = (level.Cast(_images.DType) / (_model.Levels - 1)).Reshape(_shape[0], 1, 1, 1);
            if (!known.IsEmpty) pixel = Keep(pixel, known, (_history.Row * _shape[2]) + column);
            Set(pixel, column);
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

        private void Set(Tensor pixel, int column)
        {
            Move.WriteSlice(pixel.Storage, pixel.Shape, _images.Storage, _shape, [0, _history.Row, column, 0]);
            _history.Observe(_model.Seen(pixel));
        }

        /// <summary>What is known of a pixel of all images; empty where nothing is of any.</summary>
        private float[] Known(ReadOnlySpan<float> known, int column)
        {
            if (known.IsEmpty) return [];
            int values = _shape[3];
            float[] of = new float[_shape[0] * values];
            for (int i = 0; i < _shape[0]; i++)
            {
                int pixel = (((i * _shape[1]) + _history.Row) * _shape[2]) + column;
                known.Slice(pixel * values, values).CopyTo(of.AsSpan(i * values));
            }

            return of;
        }

        private Tensor Logits(Tensor[] above, int column, int columns)
        {
            _history.Column = column;
            Tensor[] ofPixels = columns == _shape[2] ? above : Array.ConvertAll(above, tensor => tensor.Slice(2, column, columns));
            return _model.Along(_model.Seen(Pixels(column, columns)), ofPixels, _labels, _history);
        }

        /// <summary>A pixel of all images: as drawn where it is not known, else as it is known.</summary>
        private Tensor Keep(Tensor pixel, ReadOnlySpan<float> known, int at)
        {
            int length = _shape[1] * _shape[2];
            float[] kept = new float[_shape[0]], isDrawn = new float[_shape[0]];
            for (int i = 0; i < kept.Length; i++)
            {
                if (PixelModels.IsOpen(known, (i * length) + at)) isDrawn[i] = 1;
                else kept[i] = known[(i * length) + at];
            }

            return (pixel * Tensor.From(isDrawn, pixel.Shape).Cast(pixel.DType)) + Tensor.From(kept, pixel.Shape).Cast(pixel.DType);
        }

        /// <summary>Pixels of the current row: [batch, 1, columns, channels].</summary>
        private Tensor Pixels(int column, int columns)
        {
            Tensor pixels = Tensor.Zeros([_shape[0], 1, columns, _shape[3]], _images.DType);
            Move.Slice(_images.Storage, _shape, [0, _history.Row, column, 0], pixels.Shape, pixels.Storage);
            return pixels;
        }
    }
}
