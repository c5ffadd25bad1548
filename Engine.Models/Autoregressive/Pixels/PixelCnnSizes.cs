namespace Engine.Models.Autoregressive.Pixels;

/// <summary>The sizes of a <see cref="PixelCnn"/> or a <see cref="GatedPixelCnn"/>.</summary>
public sealed record PixelCnnSizes
{
    /// <summary>Levels of a pixel.</summary>
    public int Levels { get; init; } = 2;

    /// <summary>Classes that the model is told of; 0 for none.</summary>
    public int Classes { get; init; }

    /// <summary>
    /// Features h: a residual block of a <see cref="PixelCnn"/> goes from 2 h to h and back, a <see cref="GatedPixelCnn"/> has h in each
    /// stack.
    /// </summary>
    public int Features { get; init; } = 16;

    /// <summary>Residual blocks, or gated layers.</summary>
    public int Layers { get; init; } = 15;

    /// <summary>Rows and columns of the first kernel.</summary>
    public int FirstKernel { get; init; } = 7;

    /// <summary>Rows and columns of the other kernels.</summary>
    public int Kernel { get; init; } = 3;

    /// <summary>
    /// How far apart the taps are in the blocks or layers behind the first kernel, in turn. Some that are further apart let a few layers
    /// see far; between them layers of 1 see what those leave out.
    /// </summary>
    public IReadOnlyList<int> Dilations { get; init; } = [1];

    /// <summary>
    /// Rows and columns of the images, for a model that learns a vector for each of their places; null for one that takes images of any
    /// size and does the same at all places.
    /// </summary>
    public (int Height, int Width)? Positions { get; init; }

    /// <summary>Features of the last hidden layer.</summary>
    public int Head { get; init; } = 32;

    /// <summary>The share of features that are dropped in training in each block or layer.</summary>
    public double Dropout { get; init; }
}
