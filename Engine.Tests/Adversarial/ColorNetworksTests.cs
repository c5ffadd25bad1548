using Engine.Models.Adversarial;
using Engine.Models.Adversarial.Conditional;
using Engine.Models.Classification;
using Engine.Models.Comparison;
using Engine.Models.Data.Pictures;
using Engine.Models.Flow;
using Engine.Models.Variational.Quantized;

namespace Engine.Tests.Adversarial;

/// <summary>Networks for images in colour and of other sizes than those of MNIST.</summary>
public sealed class ColorNetworksTests : IsolatedTests
{
    [Theory]
    [InlineData(28, 1)]
    [InlineData(32, 3)]
    [InlineData(64, 3)]
    public void A_dcgan_draws_and_judges_images_of_the_size(int side, int channels)
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Sequential generator = Dcgan.Generator(options, 5, 2, channels, side);
        using Sequential critic = Dcgan.Critic(options, 2, null, channels, side);
        using Sequential discriminator = Dcgan.ConvolutionalDiscriminator(options, 2, channels: channels, side: side);
        using Sequential dense = Dcgan.DenseDiscriminator(options, 2, side * side * channels);
        using ConditionalSequential conditional = ConditionalDcgan.NormalizedGenerator(options, 3, 5, 2, channels, side);
        using Tape tape = new(Cpu, record: false);
        Tensor noise = Tensor.Normal([2, 5], options.Random), images = generator.Forward(noise);
        Assert.Equal(new Shape(2, side, side, channels), images.Shape);
        Assert.Equal(images.Shape, conditional.Forward(noise, Tensor.From([0, 2], [2])).Shape);
        foreach (Sequential judge in (Sequential[])[critic, discriminator, dense])
            Assert.Equal(new Shape(2, 1), judge.Forward(images).Shape);
    }

    [Fact]
    public void Sides_that_cannot_be_halved_are_refused()
    {
        Refused("Dcgan: images of 30 x 30 cannot be halved 2 times: expected a multiple of 4.", () => Dcgan.Levels(30));
        Refused("expected a multiple of 8", () => Dcgan.Levels(36));
    }

    [Theory]
    [InlineData("realnvp")]
    [InlineData("glow")]
    [InlineData("nice")]
    [InlineData("checkerboards")]
    public void A_flow_of_colour_is_inverted_by_its_decoder(string name)
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using ImageFlow model = name switch
        {
            "nice" => ImageFlows.Nice(8, 2, 6, 1, options, 3),
            "glow" => ImageFlows.Glow(8, 1, 4, variational: true, options, 3),
            "checkerboards" => ImageFlows.Checkerboards(8, 2, 4, 1, variational: false, options, 3),
            _ => ImageFlows.RealNvp(8, (2, 1), (4, 4), 1, variational: true, options, 3),
        };
        using Tape tape = new(Cpu, record: false);
        float[] levels = [.. Enumerable.Range(0, 2 * 192).Select(i => (float)(i * 31 % 256))];
        float[] decoded = model.Decode(model.Forward(Tensor.From(levels, [2, 8, 8, 3])));
        Assert.All(levels.Zip(decoded), pair => Assert.Equal(pair.First / 255, pair.Second, 2));
        Assert.InRange(model.BitsOf([.. levels.Select(level => (byte)level)], 1, new RandomStream(1)), 1, 40);
    }

    [Fact]
    public void All_that_are_compared_learn_and_draw_colour()
    {
        ImageSize size = new(8, 8, 3);
        ImageDataset data = ResizedImages.Of(ColorShapes.Draw(6), 8);
        foreach (string name in Contestants.Names)
        {
            using Contestant model = Contestants.Make(name, 2, ModuleOptions.FromSeed(1, Cpu), size);
            Assert.True(double.IsFinite(model.Step(data.ToFloats(0), data.Count)));
            Assert.Equal(2 * size.Length, model.Sample(2, new RandomStream(1)).Length);
            if (model.LikelihoodKind != "none" && name != "diffusion")
                Assert.InRange(model.BitsPerDimension(data, new RandomStream(1))!.Value, 1, 30);
        }

        Refused("expected square images with a side that is a multiple of 4", () => Contestants.Make(
            "vae", 2, ModuleOptions.FromSeed(1, Cpu), new ImageSize(6, 6, 3)));
    }

    [Fact]
    public void A_classifier_takes_the_size_and_the_classes_that_it_was_made_for()
    {
        ImageDataset data = ResizedImages.Of(ColorShapes.Draw(20), 8);
        using DigitClassifier classifier = new(ModuleOptions.FromSeed(1, Cpu), data.Size, data.Classes);
        classifier.Fit(data, 1, 1);
        Assert.Equal(20 * 10, classifier.Probabilities(data.ToFloats()).Length);
        Refused<DataException>("Expected labelled images of 8 x 8 x 3 in 10 classes, found 28 x 28 x 1 in 10 classes",
            () => classifier.Accuracy(Digits.Draw(10)));
    }

    [Fact]
    public void A_vq_vae_shows_the_codes_of_colour()
    {
        ImageSize size = new(8, 8, 3);
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using VqVae model = new(
            VqVaeNetworks.Encoder(3, 4, 1, 2, options), new VectorQuantizer(new VectorQuantizerOptions { Codes = 4, Depth = 2 }, options),
            VqVaeNetworks.Decoder(6, 4, 1, 2, options), PixelLikelihood.Logistic);
        VqVaePictures pictures = new(model, size);
        float[] images = ResizedImages.Of(ColorShapes.Draw(4), 8).ToFloats(0);
        Assert.Equal(3, pictures.CodesOf(images).Channels);
        Assert.Equal(3, pictures.Reconstructions(images).Channels);
    }
}
