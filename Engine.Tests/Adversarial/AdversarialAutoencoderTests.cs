using Engine.Models.Adversarial.Autoencoders;

namespace Engine.Tests.Adversarial;

/// <summary>Autoencoders whose codes are held to a prior by discriminators.</summary>
public sealed class AdversarialAutoencoderTests : IsolatedTests
{
    public static TheoryData<LatentClasses> Kinds => [.. Enum.GetValues<LatentClasses>()];

    [Theory, MemberData(nameof(Kinds))]
    public void Every_kind_trains_without_keeping_memory(LatentClasses kind)
    {
        using AdversarialAutoencoder model = Small(kind, Cpu);
        ImageDataset data = Digits.Draw(40, seed: 1);
        float[] images = data.ToFloats(0, 1);
        Reading first = Step(model, data, images).Reconstruction;
        Step(model, data, images);
        long before = Cpu.MemoryInUse;
        AutoencoderLosses losses = default;
        for (int i = 0; i < 20; i++) losses = Step(model, data, images);
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.True(losses.Reconstruction < first - 0.1, $"{first} {losses.Reconstruction}");
        Assert.True(double.IsFinite(losses.Discriminator) && double.IsFinite(losses.Encoder));
        Assert.Equal(kind == LatentClasses.Inferred, losses.Labeled is not null);
        float[] codes = model.Encode(images);
        Assert.Equal(40 * 3, codes.Length);
        int[] labels = kind == LatentClasses.None ? [] : data.Labels.ToArray();
        float[] decoded = model.Decode(codes, labels);
        Assert.Equal(40 * 784, decoded.Length);
        Assert.All(decoded, pixel => Assert.InRange(pixel, 0, 1));
        if (kind != LatentClasses.None) Assert.NotEqual(decoded, model.Decode(codes, [.. labels.Select(label => 9 - label)]));
    }

    [Fact]
    public void It_infers_classes_from_a_few_labels()
    {
        using AdversarialAutoencoder model = Small(LatentClasses.Inferred, Cpu);
        ImageDataset data = Digits.Draw(100, seed: 1);
        float[] images = data.ToFloats(0, 1);
        double before = model.Error(data);
        for (int i = 0; i < 40; i++) Step(model, data, images);
        Assert.True(model.Error(data) < 0.5 && model.Error(data) < before, $"{before} {model.Error(data)}");
        using AdversarialAutoencoder none = Small(LatentClasses.None, Cpu);
        Refusal.RefusedWith<InvalidOperationException>("Error: expected a model that infers classes", () => none.Error(data));
    }

    [Fact]
    public void It_is_measured_by_the_average_which_begins_with_the_first_step()
    {
        // Weights that were set before any step are measured as they are: an average of those before them would not be.
        using AdversarialAutoencoder trained = Small(LatentClasses.Inferred, Cpu), model = Small(LatentClasses.Inferred, Cpu, new(9));
        ImageDataset data = Digits.Draw(100, seed: 1);
        float[] images = data.ToFloats(0, 1);
        for (int i = 0; i < 40; i++) Step(trained, data, images);
        double expected = trained.Error(data);
        using (trained.UseAverage())
        {
            foreach ((Parameter from, Parameter to) in trained.Encoder.Parameters.Zip(model.Encoder.Parameters))
                to.Storage.CopyFrom<float>(from.ToArray());
        }

        Assert.Equal(expected, model.Error(data));
    }

    [Fact]
    public void Codes_go_towards_the_prior()
    {
        // Of variance 25 to begin with; against the discriminator they get smaller.
        using AdversarialAutoencoder model = new(
            new AutoencoderOptions { Pixels = 4, Latent = 1, Hidden = 16, LearningRate = 1e-6, AdversarialLearningRate = 2e-3 },
            ModuleOptions.FromSeed(2, Cpu));
        foreach ((string name, Parameter parameter) in model.Encoder.NamedParameters())
            if (name == "style.weight") parameter.Storage.CopyFrom<float>([.. parameter.ToArray().Select(w => 20 * w)]);
        float[] images = new RandomStream(3).Uniform(4 * 64);
        double Spread() => model.Encode(images).Average(z => Math.Abs(z));
        double before = Spread();
        for (int i = 0; i < 300; i++) model.Step(images);
        Assert.True(before > 2 && Spread() < 0.7 * before, $"{before} {Spread()}");
    }

    [Fact]
    public void Losses_at_first_are_those_of_the_formulas()
    {
        using AdversarialAutoencoder model = new(
            new AutoencoderOptions { Pixels = 4, Latent = 2, Classes = 3, Labels = LatentClasses.Given, Hidden = 5 },
            ModuleOptions.FromSeed(2, Cpu) with { DType = DType.Float64 });
        float[] images = [0.5f, 0, 1, 0.25f, 1, 0.75f, 0, 0];
        int[] labels = [2, 0];
        double[] expected;
        using (Tape tape = new(Cpu, record: false))
        {
            Tensor z = model.Encoder.Forward(Tensor.From(images, [2, 4]).Cast(DType.Float64));
            expected = model.Decoder.Decode(z, Tensor.From([0.0, 0, 1, 1, 0, 0], [2, 3])).ToDoubles();
        }

        // -(x log sigma(l) + (1 - x) log(1 - sigma(l))), the mean over pixels
        double loss = expected.Zip(images, (l, x) => Math.Log(1 + Math.Exp(l)) - (x * l)).Average();
        Assert.Equal(loss, model.Step(images, labels).Reconstruction.Value, 1e-12);
    }

    [Fact]
    public void Encoder_and_decoder_have_the_gradients_of_differences()
    {
        ModuleOptions options = ModuleOptions.FromSeed(3, Cpu) with { DType = DType.Float64 };
        using AutoencoderEncoder encoder = new(4, latent: 2, classes: 3, hidden: 5, options);
        using AutoencoderDecoder decoder = new(4, latent: 2, classes: 3, hidden: 5, options);
        using Sequential both = new(encoder, decoder);
        using Tensor x = Tensor.Uniform([3, 4], new(2), dtype: DType.Float64, device: Cpu);
        Differences.AlongDirections(both, () =>
        {
            (Tensor style, Tensor? logits) = encoder.Encode(x);
            return Loss.BinaryCrossEntropyFromLogits(decoder.Decode(style, logits!.Softmax()), x);
        }, 1e-6);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using AdversarialAutoencoder given = Small(LatentClasses.Given, Cpu), inferred = Small(LatentClasses.Inferred, Cpu);
        Refusal.RefusedWith("AdversarialAutoencoder: expected images of 784 elements, found 5", () => given.Step(new float[5]));
        Refusal.RefusedWith("AdversarialAutoencoder.Step: expected a label for each of 2 images, found 0",
            () => given.Step(new float[2 * 784]));
        Refusal.RefusedWith("AdversarialAutoencoder.Step: expected a class for each labelled image, found 784 elements and 2 classes",
            () => inferred.Step(new float[784], [], new float[784], [1, 2]));
        Refusal.RefusedWith("AdversarialAutoencoder.Decode: expected codes of 3 elements and 1 labels, found 3 elements and 0",
            () => given.Decode([1, 2, 3]));
    }

    /// <summary>For images of 28 x 28.</summary>
    internal static AdversarialAutoencoder Small(LatentClasses labels, Device device, RandomStream? random = null, int hidden = 16) => new(
        new AutoencoderOptions
        {
            Latent = 3, Labels = labels, Hidden = hidden, LearningRate = 1e-2, AdversarialLearningRate = 1e-3,
            VirtualRadius = labels == LatentClasses.Inferred ? 1 : 0, AverageDecay = labels == LatentClasses.Inferred ? 0.9 : null,
        },
        new ModuleOptions(random ?? new RandomStream(3), device));

    private static AutoencoderLosses Step(AdversarialAutoencoder model, ImageDataset data, float[] images) =>
        model.Settings.Labels == LatentClasses.Inferred ? model.Step(images, [], images, data.Labels) : model.Step(images, data.Labels);
}
