using Engine.Kernels.Norms;

namespace Engine.Kernels.Pool;

/// <summary>A pooling as its kernels take it, on the host and on a GPU.</summary>
internal readonly struct PoolLayout
{
    internal readonly PoolAxis Y, X;
    internal readonly int Batch, Channels;

    /// <summary>What the sum over a window is divided by; 0 for the number of its places inside the image.</summary>
    private readonly int _divisor;

    internal PoolLayout(in PoolShape shape, int divisor = 1)
    {
        PoolWindow w = shape.Window;
        Y = new(shape.Height, shape.OutputHeight, w.Height, w.StrideHeight, w.Padding.Top);
        X = new(shape.Width, shape.OutputWidth, w.Width, w.StrideWidth, w.Padding.Left);
        (Batch, Channels, _divisor) = (shape.Batch, shape.Channels, divisor);
    }

    /// <summary>What the sum over a window is divided by.</summary>
    internal int Divisor(int windowY, int windowX) =>
        _divisor != 0 ? _divisor : (Y.End(windowY) - Y.First(windowY)) * (X.End(windowX) - X.First(windowX));

    /// <summary>The number of a place within its window, row by row.</summary>
    internal int Place(int y, int x) => (y * X.Kernel) + x;
}
