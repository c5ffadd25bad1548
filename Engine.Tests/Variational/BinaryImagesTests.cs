namespace Engine.Tests.Variational;

public sealed class BinaryImagesTests
{
    private static readonly ImageDataset s_data = new(
        "grey", 1, 2, 1, [.. Enumerable.Range(0, 4000).Select(i => i % 2 == 0 ? (byte)51 : (byte)200)],
        [.. Enumerable.Range(0, 2000).Select(i => i % 7)], 7);

    [Fact]
    public void Grey_stays_grey_without_binarisation() =>
        Assert.Equal([0.2f, 200 / 255f], BinaryImages.ToFloats(s_data, Binarization.None, 1)[..2]);

    [Fact]
    public void A_threshold_decides_at_the_half() => Assert.Equal([0, 1], BinaryImages.ToFloats(s_data, Binarization.Threshold, 1)[..2]);

    [Theory, Values(Binarization.Dynamic, Binarization.Static)]
    public void A_pixel_is_on_as_often_as_its_grey_says(Binarization kind)
    {
        float[] drawn = BinaryImages.ToFloats(s_data, kind, 1);
        Assert.All(drawn, x => Assert.True(x is 0 or 1));
        Assert.Equal(0.2, drawn.Where((_, i) => i % 2 == 0).Average(), 0.04);
        Assert.Equal(200 / 255.0, drawn.Where((_, i) => i % 2 == 1).Average(), 0.04);
        Assert.Equal(drawn, BinaryImages.ToFloats(s_data, kind, 1));
        Assert.NotEqual(drawn, BinaryImages.ToFloats(s_data, kind, 2));
    }

    [Fact]
    public void A_static_draw_is_the_same_in_every_epoch_and_keeps_the_labels()
    {
        (ImageDataset data, PixelScale scale) = BinaryImages.Prepare(s_data, Binarization.Static, 1);
        Assert.Equal(s_data.Labels.ToArray(), data.Labels.ToArray());
        BatchLoader loader = new(data, 2000, new BatchOptions { Shuffle = false, Scale = scale });
        Assert.Equal(Epoch(0), Epoch(1));

        float[] Epoch(int epoch)
        {
            float[] images = [];
            foreach (Batch batch in loader.Epoch(epoch)) images = batch.Images.ToArray();
            return images;
        }
    }

    [Fact]
    public void Mean_logits_give_the_mean_image_back()
    {
        float[] logits = BinaryImages.MeanLogits(s_data);
        Assert.Equal(0.2, 1 / (1 + Math.Exp(-logits[0])), 1e-6);
        Assert.Equal(200 / 255.0, 1 / (1 + Math.Exp(-logits[1])), 1e-6);
        Assert.True(float.IsFinite(BinaryImages.MeanLogits(new ImageDataset("black", 1, 1, 1, [0]))[0]));
    }
}
