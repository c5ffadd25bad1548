#:project ../../Engine.Models
#:property PublishAot=false

// An autoencoder whose codes are held to a prior by a discriminator: dotnet run docs/lessons/aae.cs -- [--labels 1000] [--supervised]
// [--latent 2] [--data digits|shapes|mnist|PATH] [--help]. See aae.md.
using System.CommandLine;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial.Autoencoders;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;
using MathNet.Numerics.Distributions;
using Engine.Models.Variational;

const int Columns = 10, MapSide = 16, Points = 5000;

Option<int?> labels = ProgramOption.OptionalInteger(
    "--labels", "How many images have a label, equally many of each class: the encoder then infers the class of all. By default the code "
    + "has no classes.", 1, 1_000_000);
Option<bool> supervised = new("--supervised") {
    Description = "The decoder is given the label of each image, and the code is left with the style." };
Option<int?> latent = ProgramOption.OptionalInteger(
    "--latent", "Dimensions of the Gaussian part of the code; by default 2, and 10 with --labels.", 1, 1000);
Option<int> hidden = ProgramOption.Integer("--hidden", "Features of the hidden layers of all networks.", 1000, 1, 10_000);
Option<double> rate = ProgramOption.Decimal("--learning-rate", "Adam's learning rate for reconstruction and classes; the discriminators "
    + "and the encoder against them have two fifths of it. All fall to 0 along a line from half of the training on.", 5e-4, 0, 1);
Option<double> radius = ProgramOption.Decimal(
    "--virtual-radius", "With --labels, how far virtual adversarial training moves an image whose class must not change; 0 for none.", 2, 0,
    1000);
Option<double> average = ProgramOption.Decay(
    "--average", "The decay of the average of the encoder's weights, by which it is measured; 0 for none.", 0.999);
Option<int?> testImages = ProgramOption.OptionalInteger("--test-images", "How many test images to measure on at most; by default all.");

ProgramInfo info = new("aae", "An autoencoder whose codes are held to a prior by a discriminator.", Epochs: 20, Batch: 100) {
    FreeOptions = [testImages.Name], TakesWeights = true };
return TrainingProgram.Run(args, info, Train, labels, supervised, latent, hidden, rate, radius, average, testImages);

void Train(TrainingRun run)
{
    if (run.Option(supervised) && run.Option(labels) is not null) throw new DataException(
        "--supervised gives the decoder all labels: expected no --labels beside it, found both.");
    ImageDataset data = run.LoadImages(), test = run.LoadImages("test");
    if (run.Option(testImages) is { } most) test = test.Spread(Math.Min(most, test.Count));
    BatchLoader batches = run.Batches(data, PixelScale.Unit);
    LatentClasses classes = run.Option(supervised) ? LatentClasses.Given
        : run.Option(labels) is not null ? LatentClasses.Inferred : LatentClasses.None;
    if (classes == LatentClasses.Given && !data.IsLabelled) throw new DataException(
        $"--supervised: expected images with labels, found none in {data.Name}.");
    RandomStream draws = run.Random.Split("labels");
    ImageDataset? labeled = classes == LatentClasses.Inferred ? LabeledDraw.Of(data, run.Option(labels)!.Value, draws) : null;
    using AdversarialAutoencoder model = new(new AutoencoderOptions
    {
        Pixels = data.ImageLength, Labels = classes, Classes = data.Classes, Hidden = run.Option(hidden),
        Latent = run.Option(latent) ?? (classes == LatentClasses.Inferred ? 10 : 2),
        LearningRate = run.Option(rate), AdversarialLearningRate = 0.4 * run.Option(rate), VirtualRadius = run.Option(radius),
        AverageDecay = run.Option(average) is var decay and > 0 ? decay : null,
    }, new ModuleOptions(run.Random, run.Device));
    run.LoadWeights(("encoder", model.Encoder), ("decoder", model.Decoder));

    Trainer trainer = run.Trainer(("model", model), ("labels", new Position(draws)));
    double steps = run.AllSteps(batches);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            // Constant up to the middle, then along a line to 0.
            model.SetRates(Math.Max(Math.Min(1, 2 * (1 - (trainer.Step / steps))), 1e-6));
            (float[] few, int[] their) = labeled is null ? ([], []) : LabeledDraw.Batch(labeled, batch.Count, draws);
            AutoencoderLosses losses = model.Step(batch.Images, batch.Labels, few, their);
            trainer.Report(("reconstruction", losses.Reconstruction), ("discriminator", losses.Discriminator), ("encoder", losses.Encoder));
            if (losses.Labeled is { } ofClasses) trainer.Report(0, ("labeled", ofClasses));
        }

        if (labeled is not null) trainer.Record("test_error", model.Error(test, run.Stopping));
        run.Output.Save($"epoch-{epoch:000}.png", Samples(), "Samples");
    }

    if (run.IsStopping) return;
    using (model.UseAverage()) run.SaveWeights(
        AutoencoderFile.Describe(model.Settings, data.Size), ("encoder", model.Encoder), ("decoder", model.Decoder));
    run.Output.Save("samples.png", Samples(), "Samples, with classes a row for each");
    if (labeled is not null)
    {
        double error = model.Error(test, run.Stopping);
        trainer.Record("final_test_error", error);
        run.Print(FormattableString.Invariant($"{run.Option(labels)} labels: {100 * error:0.00} % of {test.Count} test images wrong."));
    }

    // The codes of test images beside the prior, N(0, I), in two of their dimensions.
    float[] pixels = test.Spread(Math.Min(Points, test.Count)).ToFloats(0, 1), codes = model.Encode(pixels);
    ImageDataset shown = test.Spread(Math.Min(Points, test.Count));
    int dimensions = model.Settings.Latent;
    trainer.Record("code_variance", codes.Average(z => (double)z * z));
    if (dimensions < 2) return;
    Chart chart = new() { Title = "codes of test images", XLabel = "z1", YLabel = "z2", Width = 640, Height = 640 };
    for (int c = 0; c < Math.Max(1, shown.Classes); c++)
    {
        int[] its = [.. Enumerable.Range(0, shown.Count).Where(i => shown.Classes == 0 || shown.Label(i) == c)];
        chart.Scatter(shown.Classes == 0 ? "all" : $"{c}",
            [.. its.Select(i => (double)codes[i * dimensions])], [.. its.Select(i => (double)codes[(i * dimensions) + 1])]);
    }

    run.Output.Save("codes.svg", chart, "Where test images lie in the latent space");
    if (dimensions == 2 && classes == LatentClasses.None) run.Output.Save("map.png", Drawn(Map(), MapSide),
        "The plane of the latents, cut into parts of one probability");

    // Without classes samples of the prior; with them a row for each class, and the same style down a column.
    Picture Samples()
    {
        RandomStream random = run.Random.Split("samples");
        int rows = classes == LatentClasses.None ? Columns : data.Classes, dimensions = model.Settings.Latent;
        float[] drawn = NormalNumbers(random, (classes == LatentClasses.None ? rows : 1) * Columns * dimensions);
        float[] styles = [.. Enumerable.Range(0, rows * Columns * dimensions).Select(i => drawn[i % drawn.Length])];
        int[] asked = classes == LatentClasses.None ? [] : [.. Enumerable.Range(0, rows * Columns).Select(i => i / Columns)];
        return Drawn(model.Decode(styles, asked), Columns);
    }

    // The plane of two dimensions, cut into parts of one probability.
    float[] Map() => model.Decode([.. Enumerable.Range(0, MapSide * MapSide).SelectMany(i => (float[])
        [Place(i % MapSide), Place(MapSide - 1 - (i / MapSide))])]);

    static float Place(int i) => (float)Normal.InvCDF(0, 1, (i + 0.5) / MapSide);

    static float[] NormalNumbers(RandomStream random, int count) =>
        [.. random.Uniform(count).Select(u => (float)Normal.InvCDF(0, 1, Math.Clamp(u, 1e-7, 1 - 1e-7)))];

    Picture Drawn(float[] pixels, int columns) =>
        new ImageGrid { Columns = columns, Black = 0, White = 1 }.Draw(pixels, data.Height, data.Width, data.Channels);
}

/// <summary>Where the draw of labelled batches is, for checkpoints.</summary>
file sealed class Position(RandomStream random) : IStateful
{
    public void VisitState(StateVisitor visitor) => visitor.Random("random", random);
}
