using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Models.Variational;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>Images of zeros and ones, to train on, to validate with and to test on.</summary>
public sealed class BinaryImageSplits
{
    private const int Shown = 10;

    private BinaryImageSplits(ImageDataset train, PixelScale scale, float[] validation, float[] test, float[] toShow) =>
        (Train, Scale, Validation, Test, ToShow) = (train, scale, validation, test, toShow);

    /// <summary>What is trained on.</summary>
    public ImageDataset Train { get; }

    /// <summary>How its bytes become zeros and ones.</summary>
    public PixelScale Scale { get; }

    /// <summary>Images to validate with, one after another.</summary>
    public float[] Validation { get; }

    /// <summary>Images to test on, one after another.</summary>
    public float[] Test { get; }

    /// <summary>Up to ten of the test images from all over the set, one after another: for pictures.</summary>
    public float[] ToShow { get; }

    /// <summary>
    /// Loads what <c>--data</c> names. A set without a split to validate with has the last sixth of its training images for that.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="side">Rows and columns of an image: 28, or what divides it.</param>
    /// <param name="binarize"><c>dynamic</c>, <c>static</c> or <c>threshold</c>; <c>auto</c> takes black and white as they are, and draws
    /// greys anew for each use.</param>
    /// <param name="most">How many images of each split to take at most; 0 takes all.</param>
    /// <exception cref="DataException">The images cannot be had, or are too few to cut off some to validate with.</exception>
    public static BinaryImageSplits Load(TrainingRun run, int side, string binarize, int most)
    {
        ArgumentNullException.ThrowIfNull(run);
        ImageDataset train = Split("train"), validation, test = Split("test"), shown = test.Spread(Math.Min(Shown, test.Count));
        if (run.HasSplit("valid"))
        {
            validation = Split("valid");
        }
        else
        {
            int kept = train.Count - Math.Max(1, train.Count / 6);
            if (kept < 1) throw new DataException(
                $"{train.Name}: at least 2 images are needed, one of them to validate with; found {train.Count}.");
            validation = train.Skip(kept);
            train = train.Take(kept);
        }

        Binarization kind = binarize == "auto"
            ? train.Pixels.ContainsAnyExcept((byte)0, (byte)255) ? Binarization.Dynamic : Binarization.None
            : Enum.Parse<Binarization>(binarize, ignoreCase: true);
        (ImageDataset data, PixelScale scale) = BinaryImages.Prepare(train, kind, run.Seed);
        return new BinaryImageSplits(
            data, scale, BinaryImages.ToFloats(validation, kind, run.Seed), BinaryImages.ToFloats(test, kind, run.Seed),
            BinaryImages.ToFloats(shown, kind, run.Seed));

        ImageDataset Split(string name)
        {
            ImageDataset data = SmallerImages.Of(run.LoadImages(28, 28, channels: 1, name), side);
            return most == 0 || most >= data.Count ? data : name == "train" ? data.Take(most) : data.Spread(most);
        }
    }
}
