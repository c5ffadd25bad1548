using Engine.Autograd.Optim;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// How a PixelCNN is made and trained: sizes, and Adam with a learning rate that falls along a cosine while an average of the weights
/// follows.
/// </summary>
public sealed record PixelCnnRecipe
{
    /// <summary>Some epochs of minutes: strokes and most digits.</summary>
    public static PixelCnnRecipe Small { get; } =
        new() { Sizes = new PixelCnnSizes { Layers = 6, Dilations = [1, 2, 4] }, Epochs = 10, Batch = 50, LearningRate = 2e-3 };

    /// <summary>
    /// For a likelihood beside the published ones, in an hour or two of a core: wider and deeper, in small batches, because what counts is
    /// how many steps there are, and a longer average.
    /// </summary>
    public static PixelCnnRecipe Large { get; } = new()
    {
        Sizes = new PixelCnnSizes { Layers = 12, Features = 24, Dilations = [1, 2, 4] }, Epochs = 18, Batch = 16, LearningRate = 3e-3,
        AverageDecay = 0.9995,
    };

    /// <summary><see cref="Small"/> for a <see cref="GatedPixelCnn"/>.</summary>
    public static PixelCnnRecipe SmallGated { get; } =
        Small with { Sizes = new PixelCnnSizes { Layers = 6, Features = 24, Dilations = [1, 2, 4] } };

    /// <summary><see cref="Large"/> for a <see cref="GatedPixelCnn"/>.</summary>
    public static PixelCnnRecipe LargeGated { get; } = Large with
    {
        Sizes = new PixelCnnSizes { Layers = 8, Features = 24, Dilations = [1, 2, 4] }, Epochs = 8,
    };

    /// <summary>The sizes.</summary>
    public required PixelCnnSizes Sizes { get; init; }

    /// <summary>Passes over the data.</summary>
    public required int Epochs { get; init; }

    /// <summary>Images in a batch.</summary>
    public required int Batch { get; init; }

    /// <summary>The first learning rate; it falls to a hundredth.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The share of the average of the weights that stays at each step.</summary>
    public double AverageDecay { get; init; } = 0.999;

    /// <summary>The learning rate of each step of a training.</summary>
    /// <param name="steps">Steps of the whole training.</param>
    public LearningRateSchedule Rate(long steps) => LearningRateSchedules.Cosine(LearningRate, Math.Max(steps, 1), LearningRate / 100);
}

/// <summary>The sizes of a <see cref="PixelCnn"/> or a <see cref="GatedPixelCnn"/>.</summary>
public sealed record PixelCnnSizes
{
    /// <summary>Levels of a pixel.</summary>
    public int Levels { get; init; } = 2;

    /// <summary>Channels of an image: 1 grey; 3 RGB, with <see cref="Mixtures"/> alone.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>
    /// Logistic distributions that a pixel's levels have a mixture of (Salimans et al. 2017, PixelCNN++, arXiv:1701.05517); 0 for a logit
    /// of each level.
    /// </summary>
    public int Mixtures { get; init; }

    /// <summary>
    /// Elements of a trained vector for each level, which the first layers see in place of the level; 0 where they see the level itself, a
    /// number from 0 to 1. For levels without an order, such as the codes of a codebook.
    /// </summary>
    public int LevelFeatures { get; init; }

    /// <summary>The number of classes that the model is conditioned on; 0 for an unconditional model.</summary>
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
    /// How far apart the taps are in the blocks or layers after the first kernel, in turn. Some that are further apart let a few layers
    /// see far; between them layers of 1 see what those leave out.
    /// </summary>
    public IReadOnlyList<int> Dilations { get; init; } = [1];

    /// <summary>
    /// Rows and columns of the images, for a model that learns a vector for each of their places; null for one that takes images of any
    /// size and treats all positions alike.
    /// </summary>
    public (int Height, int Width)? Positions { get; init; }

    /// <summary>Features of the last hidden layer.</summary>
    public int Head { get; init; } = 32;

    /// <summary>The share of features that are dropped in training in each block or layer.</summary>
    public double Dropout { get; init; }

    /// <summary>Channels that the first layers see.</summary>
    internal int Inputs => LevelFeatures > 0 ? LevelFeatures : Channels;
}
