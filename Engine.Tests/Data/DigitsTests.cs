using System.Security.Cryptography;

namespace Engine.Tests.Data;

public sealed class DigitsTests
{
    [Fact]
    public void The_bytes_of_a_seed_are_the_same_on_every_machine()
    {
        ImageDataset data = Digits.Draw(1000, seed: 1);

        Assert.Equal("a4cdcd310cdf295a0613b06cd55baa0f9f91389491da57fd081f644f8ae55070",
            Convert.ToHexStringLower(SHA256.HashData(data.Pixels)));
        Assert.Equal([0, 9, 6, 4, 2, 1, 3, 7, 8, 5], data.Labels[..10].ToArray());
    }

    [Fact]
    public void An_image_depends_on_seed_and_index_alone()
    {
        ImageDataset some = Digits.Draw(37, seed: 5), more = Digits.Draw(1234, seed: 5), others = Digits.Draw(37, seed: 6);

        Assert.True(some.Pixels.SequenceEqual(more.Pixels[..some.Pixels.Length]));
        Assert.True(some.Labels.SequenceEqual(more.Labels[..37]));
        Assert.False(some.Pixels.SequenceEqual(others.Pixels));
    }

    [Fact]
    public void Every_ten_images_hold_every_digit_once_in_changing_order()
    {
        ImageDataset data = Digits.Draw(200, seed: 3);
        HashSet<string> orders = [];
        for (int i = 0; i < 200; i += 10)
        {
            int[] ten = data.Labels.Slice(i, 10).ToArray();
            Assert.Equal(Enumerable.Range(0, 10), ten.Order());
            orders.Add(string.Join("", ten));
        }

        Assert.True(orders.Count > 15);
    }

    [Fact]
    public void Digits_lie_in_the_picture_like_those_of_MNIST()
    {
        ImageDataset data = Digits.Draw(2000, seed: 9);
        double sum = 0;
        for (int i = 0; i < data.Count; i++)
        {
            ReadOnlySpan<byte> image = data.Image(i);
            double mass = 0, massX = 0, massY = 0;
            for (int p = 0; p < image.Length; p++)
            {
                mass += image[p];
                massX += image[p] * (p % 28 + 0.5);
                massY += image[p] * (p / 28 + 0.5);
            }

            Assert.InRange(massX / mass, 12.75, 15.25);
            Assert.InRange(massY / mass, 12.75, 15.25);
            int brightest = 0;
            foreach (byte b in image) brightest = Math.Max(brightest, b);
            Assert.InRange(brightest, 200, 255);
            sum += mass;
        }

        // MNIST: 0.1307.
        Assert.InRange(sum / (data.Count * 784 * 255.0), 0.12, 0.14);
    }

    [Fact]
    public void Classes_can_be_told_apart_by_their_mean_image()
    {
        ImageDataset train = Digits.Draw(4000, seed: 1), test = Digits.Draw(1000, seed: 2);
        double[][] means = [.. Enumerable.Range(0, 10).Select(_ => new double[784])];
        for (int i = 0; i < train.Count; i++)
        {
            for (int p = 0; p < 784; p++) means[train.Label(i)][p] += train.Image(i)[p] / 400.0;
        }

        int right = 0;
        for (int i = 0; i < test.Count; i++)
        {
            byte[] image = test.Image(i).ToArray();
            int nearest = Enumerable.Range(0, 10).MinBy(c => means[c].Zip(image, (m, v) => (m - v) * (m - v)).Sum());
            if (nearest == test.Label(i)) right++;
        }

        // The nearest mean gets 82% of MNIST right.
        Assert.InRange(right, 750, 1000);
    }

    [Fact]
    public void A_count_below_one_is_refused() => Refused<DataException>("expected a count from 1 to", () => Digits.Draw(0));
}
