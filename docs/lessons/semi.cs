#:project ../../Engine.Models
#:property PublishAot=false

// A classifier that learns digits from a few labels and many images without: dotnet run docs/lessons/semi.cs -- [--labels 100] [--draws 3]
// [--data digits|shapes|mnist|PATH] [--help]. See semi.md.
using System.CommandLine;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial.SemiSupervised;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;

const int Latent = 100, Shown = 64;

Option<int> labels = ProgramOption.Integer(
    "--labels", "How many images have a label, equally many of each class; the rest are used without theirs.", 100, 2, 1_000_000);
Option<int> draws = ProgramOption.Integer(
    "--draws", "How many draws of labels are learned from, a classifier each, side by side.", 1, 1, 100);
Option<double> rate = ProgramOption.Decimal(
    "--learning-rate", "Adam's learning rate for two thirds of the training; from there it falls to 0 along a line.", 3e-3, 0, 1);
Option<int> width = ProgramOption.Integer(
    "--width", "Features of the classifier's last hidden layers; the generator's have twice as many.", 250, 1, 10_000);
Option<double> average = ProgramOption.Decay("--average", "The decay of the average of the classifier's weights; 0 for none.", 0.9999);
Option<int?> testImages = ProgramOption.OptionalInteger("--test-images", "How many test images to measure on at most; by default all.");

ProgramInfo info = new(
    "semi", "The discriminator of a GAN learns to classify from a few labels and many images without.", Epochs: 30, Batch: 100) {
    FreeOptions = [testImages.Name], TakesWeights = true };
return TrainingProgram.Run(args, info, Train, labels, draws, rate, width, average, testImages);

void Train(TrainingRun run)
{
    ImageDataset data = run.LoadImages(), test = run.LoadImages("test");
    if (run.Option(testImages) is { } most) test = test.Spread(Math.Min(most, test.Count));
    BatchLoader batches = run.Batches(data, PixelScale.Unit);

    // Each draw has labels, networks and random numbers of its own; all see the same images without labels.
    (ImageDataset Labeled, RandomStream Random, SemiSupervisedGan Gan)[] all = [.. Enumerable.Range(1, run.Option(draws)).Select(Make)];
    run.LoadWeights([.. all.SelectMany((one, i) => Networks(one.Gan, i))]);
    Trainer trainer = run.Trainer([.. all.SelectMany((one, i) => ((string, IStateful)[])
        [($"draw-{i + 1}", one.Gan), ($"labels-{i + 1}", new Position(one.Random))])]);
    double steps = run.AllSteps(batches);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            // lr = rate min(1, 3 (1 - done))
            double falling = run.Option(rate) * Math.Min(1, 3 * (1 - (trainer.Step / steps)));
            for (int i = 0; i < all.Length; i++)
            {
                (ImageDataset labeled, RandomStream random, SemiSupervisedGan gan) = all[i];
                gan.LearningRate = Math.Max(falling, 1e-9);
                (float[] few, int[] their) = LabeledDraw.Batch(labeled, batch.Count, random);
                SemiSupervisedLosses losses = gan.Step(batch.Images, few, their);
                if (i == 0) trainer.Report(("labeled", losses.Labeled), ("unlabeled", losses.Unlabeled), ("features", losses.Generator));
            }
        }

        trainer.Record("test_error", all.Average(one => one.Gan.Error(test, run.Stopping)));
        run.Output.Save($"epoch-{epoch:000}.png", Drawn(all[0].Gan.Sample(Shown)), "Samples of the first of the networks");
    }

    if (!run.IsStopping) Measure();
    foreach ((_, _, SemiSupervisedGan gan) in all) gan.Dispose();

    (ImageDataset, RandomStream, SemiSupervisedGan) Make(int draw)
    {
        RandomStream own = run.Random.Split("draw").Split(draw);
        ModuleOptions options = new(own.Split("networks"), run.Device);
        ImageDataset labeled = LabeledDraw.Of(data, run.Option(labels), own.Split("labels"));
        (Sequential body, Module head) = SemiSupervisedNetworks.Discriminator(options, data.Classes, data.ImageLength, run.Option(width));
        Sequential generator = SemiSupervisedNetworks.Generator(options, Latent, data.ImageLength, 2 * run.Option(width));
        SemiSupervisedGan gan = new(
            generator, body, head, Latent, options, run.Option(rate), run.Option(average) is var decay and > 0 ? decay : null);
        return (labeled, own.Split("batches"), gan);
    }

    void Measure()
    {
        // The classifiers as they are measured: with the average of their weights.
        IDisposable?[] averages = [.. all.Select(one => one.Gan.UseAverage())];
        run.SaveWeights(
            SemiSupervisedFile.Describe(data.Size, Latent, 2 * run.Option(width), "draw-1.generator."),
            [.. all.SelectMany((one, i) => Networks(one.Gan, i))]);
        foreach (IDisposable? used in averages) used?.Dispose();
        double[] errors = [.. all.Select(one => one.Gan.Error(test, run.Stopping))];
        double mean = errors.Average();
        trainer.Record("mean_test_error", mean);
        string spread = errors.Length == 1 ? "" : FormattableString.Invariant(
            $" +- {100 * Math.Sqrt(errors.Sum(error => (error - mean) * (error - mean)) / (errors.Length - 1)):0.00}");
        run.Print(FormattableString.Invariant(
            $"{run.Option(labels)} labels, {errors.Length} draws: {100 * mean:0.00}{spread} % of {test.Count} test images wrong ")
            + $"({string.Join(", ", errors.Select(error => FormattableString.Invariant($"{100 * error:0.00}")))}).");
    }

    Picture Drawn(float[] samples) => new ImageGrid { Black = 0, White = 1 }.Draw(samples, data.Height, data.Width, data.Channels);

    static (string, Module)[] Networks(SemiSupervisedGan gan, int i) =>
        [($"draw-{i + 1}.generator", gan.Generator), ($"draw-{i + 1}.classifier", gan.Classifier)];
}

/// <summary>Where the draw of labelled batches is, for checkpoints.</summary>
file sealed class Position(RandomStream random) : IStateful
{
    public void VisitState(StateVisitor visitor) => visitor.Random("random", random);
}
