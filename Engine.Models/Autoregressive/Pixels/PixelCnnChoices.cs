using Engine.Autograd.Nn;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>What the options of a program that trains a PixelCNN decided; see <see cref="PixelCnnOptions"/>.</summary>
public sealed record PixelCnnChoices
{
    /// <summary>Whether the model is a <see cref="GatedPixelCnn"/>.</summary>
    public required bool IsGated { get; init; }

    /// <summary>Sizes and training, with the levels that were asked for.</summary>
    public required PixelCnnRecipe Recipe { get; init; }

    /// <summary>Whether the model is told of classes.</summary>
    public required bool TellsClasses { get; init; }

    /// <summary>
    /// How grey pixels become zeros and ones; null to leave those that are so already, and draw others anew for each use.
    /// </summary>
    public required Variational.Binarization? Binarization { get; init; }

    /// <summary>Rows and columns of an image.</summary>
    public required int Side { get; init; }

    /// <summary>How many images are trained on, at most; 0 for all.</summary>
    public required int TrainImages { get; init; }

    /// <summary>Images that are drawn at the end.</summary>
    public required int Samples { get; init; }

    /// <summary>How many test images are measured on, at most.</summary>
    public required int TestImages { get; init; }

    /// <summary>Whether the model learns a vector for each place of an image.</summary>
    public required bool LearnsPositions { get; init; }

    /// <summary>Makes the model.</summary>
    /// <param name="classes">Classes of the data.</param>
    /// <param name="options">Device, type and randomness.</param>
    public PixelCnnModel Model(int classes, ModuleOptions options)
    {
        PixelCnnSizes sizes = Recipe.Sizes with { Classes = TellsClasses ? classes : 0, Positions = LearnsPositions ? (Side, Side) : null };
        return IsGated ? new GatedPixelCnn(sizes, options) : new PixelCnn(sizes, options);
    }
}
