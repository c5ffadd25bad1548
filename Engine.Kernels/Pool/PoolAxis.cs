using Engine.Kernels.Norms;

namespace Engine.Kernels.Pool;

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
