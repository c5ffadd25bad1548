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

/// <summary>The windows along one axis of an image: which places a window has inside, and which windows a place is in.</summary>
internal readonly struct PoolAxis(int inputs, int outputs, int kernel, int stride, int before)
{
    internal readonly int Inputs = inputs, Outputs = outputs, Kernel = kernel, Stride = stride, Before = before;

    /// <summary>The place of the image where a window starts; negative in the padding.</summary>
    internal int Start(int window) => (window * Stride) - Before;

    /// <summary>The first place of a window that is inside the image, counted from the window's start.</summary>
    internal int First(int window) => Start(window) < 0 ? -Start(window) : 0;

    /// <summary>The place behind the last one of a window that is inside the image.</summary>
    internal int End(int window) => Inputs - Start(window) < Kernel ? Inputs - Start(window) : Kernel;

    /// <summary>The first window that a place of the image is in.</summary>
    internal int FirstWindow(int place)
    {
        // The smallest o >= 0 with o stride - before + kernel > place.
        int above = place + Before - Kernel + Stride;
        return above < 0 ? 0 : above / Stride;
    }

    /// <summary>The window behind the last one that a place of the image is in.</summary>
    internal int EndWindow(int place)
    {
        int end = ((place + Before) / Stride) + 1;
        return end < Outputs ? end : Outputs;
    }
}
