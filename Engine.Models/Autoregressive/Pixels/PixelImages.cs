using Engine.Kernels;
using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Models.Variational;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>Images to train a density of pixels on, to validate it with, and to test it on.</summary>
public sealed class PixelImages
{
    private const int MostValidated = 1000;

    private PixelImages(ImageDataset train, PixelScale scale, Binarization kind, ulong seed, ImageDataset validation, ImageDataset test)
    {
        (Train, Scale) = (train, scale);
        (Validation, Test) = (BinaryImages.ToFloats(validation, kind, seed), BinaryImages.ToFloats(test, kind, seed));
        (ValidationLabels, TestLabels) = (validation.Labels.ToArray(), test.Labels.ToArray());
    }

    /// <summary>The training images.</summary>
    public ImageDataset Train { get; }

    /// <summary>How the bytes of the training images become pixels in [0, 1].</summary>
    public PixelScale Scale { get; }

    /// <summary>The size of an image.</summary>
    public ImageSize Size => Train.Size;

    /// <summary>Images to validate with, one after another, in [0, 1].</summary>
    public float[] Validation { get; }

    /// <summary>The class of each validation image; empty when the images carry no labels.</summary>
    public int[] ValidationLabels { get; }

    /// <summary>Images to test on, one after another, in [0, 1].</summary>
    public float[] Test { get; }

    /// <summary>The class of each test image; empty when the images carry no labels.</summary>
    public int[] TestLabels { get; }

    /// <summary>The shape of images of this size: [images, height, width, channels].</summary>
    /// <param name="images">Images, one after another.</param>
    public Shape ShapeOf(ReadOnlySpan<float> images) => Size.Of(Size.CountOf(images.Length));

    /// <summary>These images, for a model that takes one value for each pixel.</summary>
    /// <param name="model">What to call it in the message.</param>
    /// <exception cref="DataException">They are in colour.</exception>
    public PixelImages Grey(string model) => Size.Channels == 1 ? this : throw new DataException(
        $"{model} takes grey images, found {Size} in {Train.Name}: --channels 1 makes them grey.");

    /// <summary>Loads the images that <c>--data</c> names.</summary>
    /// <param name="run">The run.</param>
    /// <param name="choices">The size of the images, how many of them, and how their pixels become zeros and ones.</param>
    /// <param name="holdOut">
    /// True to validate with images that are neither trained nor tested on: those of a split of their own where the set has one, else the
    /// last sixth of the training images. False to train on all training images and to validate with up to a thousand test images.
    /// </param>
    /// <exception cref="DataException">The images cannot be loaded, or there are too few to hold some out.</exception>
    public static PixelImages Load(TrainingRun run, PixelChoices choices, bool holdOut)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(choices);
        ImageDataset train = Split("train"), test = Measured(Split("test")), validation;
        if (!holdOut)
        {
            validation = test.Spread(Math.Min(MostValidated, test.Count));
        }
        else if (run.HasSplit("valid"))
        {
            validation = Measured(Split("valid"));
        }
        else
        {
            int kept = train.Count - Math.Max(1, train.Count / 6);
            if (kept < 1) throw new DataException(
                $"{train.Name}: at least 2 images are needed, one of them to validate with; found {train.Count}.");
            validation = train.Skip(kept);
            train = train.Take(kept);
        }

        // Images that are black and white already stay as they are.
        Binarization kind = choices.Binarization
            ?? (train.Pixels.ContainsAnyExcept((byte)0, (byte)255) ? Binarization.Dynamic : Binarization.None);
        (ImageDataset data, PixelScale scale) = BinaryImages.Prepare(train, kind, run.Seed);
        return new PixelImages(data, scale, kind, run.Seed, validation, test);

        ImageDataset Split(string name) => run.LoadImages(name);

        ImageDataset Measured(ImageDataset data) => data.Spread(Math.Min(choices.TestImages, data.Count));
    }
}
