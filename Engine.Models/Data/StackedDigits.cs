using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Data;

/// <summary>
/// Images of three digits, one in each colour channel: a data set of a thousand modes that can be counted (Metz et al. 2016,
/// arXiv:1611.02163, section 3.3.1; Srivastava et al. 2017, VEEGAN, arXiv:1705.07761, and Lin et al. 2018, PacGAN, arXiv:1712.04086, with
/// 128,000 of them).
/// </summary>
public static class StackedDigits
{
    /// <summary>The modes: the digits of red, green and blue in a row, as a number from 0 to 999.</summary>
    public const int Modes = 1000;

    /// <summary>Stacks images of a set, each drawn at random: [count, height, width, 3], labelled 100 red + 10 green + blue.</summary>
    /// <param name="digits">Grey images labelled with ten classes.</param>
    /// <param name="count">How many stacks; at least 1.</param>
    /// <param name="random">The source of the draws.</param>
    /// <exception cref="DataException">The images are of another kind, or more stacks were asked for than one array holds.</exception>
    public static ImageDataset Of(ImageDataset digits, int count, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(digits);
        ArgumentNullException.ThrowIfNull(random);
        if (digits.Channels != 1 || digits.Classes != 10) throw new DataException(
            $"Stacked digits: expected grey images labelled with 10 classes, found {digits.Channels} channels and {digits.Classes} classes "
            + $"in {digits.Name}.");
        int most = Array.MaxLength / (3 * digits.ImageLength);
        if (count < 1 || count > most) throw new DataException(
            $"Stacked digits: expected a count from 1 to {most} images, found {count}.");
        byte[] pixels = new byte[3 * count * digits.ImageLength];
        int[] labels = new int[count];
        float[] draws = random.Uniform(3 * count);
        for (int i = 0, from = 0; i < count; i++)
        {
            for (int channel = 0; channel < 3; channel++, from++)
            {
                int index = Math.Min((int)(draws[from] * digits.Count), digits.Count - 1);
                labels[i] = (10 * labels[i]) + digits.Label(index);
                ReadOnlySpan<byte> image = digits.Image(index);
                for (int p = 0; p < image.Length; p++) pixels[(((i * image.Length) + p) * 3) + channel] = image[p];
            }
        }

        return new ImageDataset($"{digits.Name}, stacked", digits.Height, digits.Width, 3, pixels, labels, Modes);
    }
}
