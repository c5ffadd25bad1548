using Engine.Kernels.Pool;

namespace Engine.Autograd.Nn;

/// <summary>The maximum over windows of images [batch, height, width, channels].</summary>
/// <param name="window">The window.</param>
/// <exception cref="ArgumentException">An extent or a stride of the window is less than 1, or its padding is not less than it.</exception>
public sealed class MaxPool2d(PoolWindow window) : Module
{
    private readonly PoolWindow _window = window.Check(nameof(MaxPool2d));

    /// <summary>Creates the layer with square windows.</summary>
    /// <param name="kernel">Rows and columns of the window.</param>
    /// <param name="stride">Places from one window to the next; null takes <paramref name="kernel"/>.</param>
    /// <param name="padding">Places of padding on each side; less than <paramref name="kernel"/>.</param>
    public MaxPool2d(int kernel, int? stride = null, int padding = 0) : this(PoolWindow.Square(kernel, stride, padding))
    {
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.MaxPool2d(_window);
}

/// <summary>The mean over windows of images [batch, height, width, channels].</summary>
/// <param name="window">The window.</param>
/// <param name="countPadding">True: places of padding count as zeros. False: the mean is over the places inside the image.</param>
/// <exception cref="ArgumentException">An extent or a stride of the window is less than 1, or its padding is not less than it.</exception>
public sealed class AvgPool2d(PoolWindow window, bool countPadding = true) : Module
{
    private readonly PoolWindow _window = window.Check(nameof(AvgPool2d));

    /// <summary>Creates the layer with square windows, padding counted as zeros.</summary>
    /// <param name="kernel">Rows and columns of the window.</param>
    /// <param name="stride">Places from one window to the next; null takes <paramref name="kernel"/>.</param>
    /// <param name="padding">Places of padding on each side; less than <paramref name="kernel"/>.</param>
    public AvgPool2d(int kernel, int? stride = null, int padding = 0) : this(PoolWindow.Square(kernel, stride, padding))
    {
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.AvgPool2d(_window, countPadding);
}

/// <summary>The sum over all places of images: [batch, height, width, channels] to [batch, channels].</summary>
public sealed class GlobalSumPool2d : Module
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The input is no batch of images.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 4) throw new ArgumentException(
            $"GlobalSumPool2d: expected images [batch, height, width, channels], found {x.Shape}.");
        Tape.OpenFloating(nameof(GlobalSumPool2d), x);
        return x.Sum(1, 2);
    }
}
