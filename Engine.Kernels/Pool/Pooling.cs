using Engine.Kernels.Pool.Gpu;
using Engine.Kernels.Pool.Host;

namespace Engine.Kernels.Pool;

/// <summary>The two forms of all poolings: from windows to one element each, and back to every place of the image.</summary>
internal static class Pooling
{
    /// <summary>y[window] = the fold of x over the window.</summary>
    /// <param name="fold">The fold.</param>
    /// <param name="layout">The pooling.</param>
    /// <param name="x">The images.</param>
    /// <param name="positions">A position for each window: read where the fold reads them, or else written; null for none.</param>
    /// <param name="y">One element for each window.</param>
    internal static void Fold<TFold>(TFold fold, in PoolLayout layout, Storage x, Storage? positions, Storage y)
        where TFold : unmanaged, IWindowFold
    {
        if (y.Length == 0) return;
        LaneDispatch.Run(
            y.Device, y.DType, new HostPooling.Fold<TFold>(fold, layout, x, positions, y),
            new GpuPooling.Fold<TFold>(fold, layout, x, positions, y));
    }

    /// <summary>dx[place] = the sum of the terms of all windows that contain the place.</summary>
    /// <param name="spread">The term of a window at a place.</param>
    /// <param name="layout">The pooling.</param>
    /// <param name="g">One element for each window.</param>
    /// <param name="positions">A position for each window; null where none is read.</param>
    /// <param name="dx">The images.</param>
    internal static void Spread<TSpread>(TSpread spread, in PoolLayout layout, Storage g, Storage? positions, Storage dx)
        where TSpread : unmanaged, IWindowSpread
    {
        if (dx.Length == 0) return;
        LaneDispatch.Run(
            dx.Device, dx.DType, new HostPooling.Spread<TSpread>(spread, layout, g, positions, dx),
            new GpuPooling.Spread<TSpread>(spread, layout, g, positions, dx));
    }

    /// <summary>Checks the arguments of a pooling: one device, one floating type, the lengths, and no storage twice.</summary>
    internal static void Check(
        string operation, in PoolShape shape, (string Name, Storage Storage) image,
        params ReadOnlySpan<(string Name, Storage Storage)> windows)
    {
        shape.Check(operation);
        Check(operation, image, shape.LengthX, image.Storage);
        foreach ((string Name, Storage Storage) argument in windows) Check(operation, argument, shape.LengthY, image.Storage);
        for (int i = 0; i < windows.Length; i++)
        {
            if (ReferenceEquals(windows[i].Storage, image.Storage)) throw new ArgumentException(
                $"{operation}: {windows[i].Name} must not be {image.Name}.");
            for (int k = 0; k < i; k++)
                if (ReferenceEquals(windows[i].Storage, windows[k].Storage)) throw new ArgumentException(
                    $"{operation}: {windows[i].Name} must not be {windows[k].Name}.");
        }
    }

    private static void Check(string operation, (string Name, Storage Storage) argument, long length, Storage image)
    {
        Arguments.OneDevice(operation, image, argument.Storage);
        Arguments.OneType(operation, image, argument.Storage);
        Arguments.Floating(operation, argument.Name, argument.Storage);
        Arguments.Length(operation, argument.Name, argument.Storage, length);
    }
}
