using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Pool;

namespace Engine.Autograd;

// Pooling of images [batch, height, width, channels]. Each rule is the transpose of the operation, whose own rule is the operation again.
public partial class Tensor
{
    /// <summary>The mean over square windows, padding counted as zeros.</summary>
    /// <param name="kernel">Rows and columns of the window.</param>
    /// <param name="stride">Places from one window to the next; null takes <paramref name="kernel"/>.</param>
    /// <param name="padding">Places of padding on each side; less than <paramref name="kernel"/>.</param>
    /// <returns>[batch, (height + 2 padding - kernel) / stride + 1, likewise the width, channels]</returns>
    /// <exception cref="ArgumentException">There are not four axes, or the window does not fit.</exception>
    public Tensor AvgPool2d(int kernel, int? stride = null, int padding = 0) => AvgPool2d(PoolWindow.Square(kernel, stride, padding));

    /// <summary>The mean over windows.</summary>
    /// <param name="window">The window.</param>
    /// <param name="countPadding">True: places of padding count as zeros. False: the mean is over the places inside the image.</param>
    /// <exception cref="ArgumentException">There are not four axes, or the window does not fit.</exception>
    public Tensor AvgPool2d(PoolWindow window, bool countPadding = true)
    {
        PoolShape shape = Pooled(nameof(AvgPool2d), window);
        return AveragePooled(this, shape, countPadding);
    }

    /// <summary>The maximum over square windows; padding never wins.</summary>
    /// <inheritdoc cref="AvgPool2d(int, int?, int)"/>
    public Tensor MaxPool2d(int kernel, int? stride = null, int padding = 0) => MaxPool2d(PoolWindow.Square(kernel, stride, padding));

    /// <summary>The maximum over windows; the gradient goes to the first of equal elements, row by row.</summary>
    /// <param name="window">The window.</param>
    /// <exception cref="ArgumentException">There are not four axes, or the window does not fit.</exception>
    public Tensor MaxPool2d(PoolWindow window)
    {
        PoolShape shape = Pooled(nameof(MaxPool2d), window);
        Tape tape = Autograd.Tape.OpenFloating(nameof(MaxPool2d), this);
        Tensor y = tape.NewTensor(OutputOf(shape), DType);
        Tensor? positions = tape.IsRecording ? tape.NewTensor(y.Shape, DType) : null;
        MaxPool.Run(Storage, shape, y.Storage, positions?.Storage);
        tape.Trace?.Add(nameof(MaxPool2d), y, [this], window);
        return positions is null ? y : tape.Record(nameof(MaxPool2d), y, new Rule(this, g => Unpooled(g, positions, shape)));
    }

    private static Tensor AveragePooled(Tensor x, PoolShape shape, bool countPadding)
    {
        Tape tape = Autograd.Tape.OpenFloating(nameof(AvgPool2d), x);
        Tensor y = tape.NewTensor(OutputOf(shape), x.DType);
        AveragePool.Run(x.Storage, shape, y.Storage, countPadding);
        tape.Trace?.Add(nameof(AvgPool2d), y, [x], (shape.Window, countPadding));
        return tape.Record(nameof(AvgPool2d), y, new Rule(x, g => AverageSpread(g, shape, countPadding)));
    }

    private static Tensor AverageSpread(Tensor g, PoolShape shape, bool countPadding)
    {
        Tape tape = Autograd.Tape.Open("AvgPool2d gradient");
        Tensor dx = tape.NewTensor(InputOf(shape), g.DType);
        AveragePool.Gradient(g.Storage, shape, dx.Storage, countPadding);
        return tape.Record("AvgPool2d gradient", dx, new Rule(g, h => AveragePooled(h, shape, countPadding)));
    }

    private static Tensor Unpooled(Tensor g, Tensor positions, PoolShape shape)
    {
        Tape tape = Autograd.Tape.Open("MaxPool2d gradient");
        Tensor dx = tape.NewTensor(InputOf(shape), g.DType);
        MaxPool.Gradient(g.Storage, positions.Storage, shape, dx.Storage);
        return tape.Record("MaxPool2d gradient", dx, new Rule(g, h => Picked(h, positions, shape)));
    }

    private static Tensor Picked(Tensor x, Tensor positions, PoolShape shape)
    {
        Tape tape = Autograd.Tape.Open("MaxPool2d gradient");
        Tensor y = tape.NewTensor(OutputOf(shape), x.DType);
        MaxPool.Pick(x.Storage, positions.Storage, shape, y.Storage);
        return tape.Record("MaxPool2d gradient", y, new Rule(x, g => Unpooled(g, positions, shape)));
    }

    private PoolShape Pooled(string operation, PoolWindow window)
    {
        CheckImages(operation);
        PoolShape shape = new(Shape[0], Shape[1], Shape[2], Shape[3], window);
        shape.Check(operation);
        return shape;
    }

    /// <summary>Images of a floating type, [batch, height, width, channels].</summary>
    private void CheckImages(string operation)
    {
        if (Shape.Rank != 4) throw new ArgumentException(
            $"{operation}: needs images [batch, height, width, channels], found shape {Shape}.");
        if (DType == DType.Int32) throw new ArgumentException(
            $"{operation}: needs images of {DType.Float32} or {DType.Float64}, found {DType.Int32}.");
    }

    private static Shape InputOf(in PoolShape shape) => [shape.Batch, shape.Height, shape.Width, shape.Channels];

    private static Shape OutputOf(in PoolShape shape) => [shape.Batch, shape.OutputHeight, shape.OutputWidth, shape.Channels];
}
