#:project ../../Engine.Models
#:property PublishAot=false

// A DCGAN draws digits with convolutions: dotnet run docs/lessons/dcgan.cs -- [--data digits|shapes|mnist|PATH] [--discriminator
// conv|dense] [--help]. See dcgan.md.
using System.CommandLine;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;

const int Latent = 100;

var discriminator = ProgramOption.Choice(
    "--discriminator", "What judges the images: convolutions, or fully connected layers with batch normalisation.", "conv", "dense");
var rate = ProgramOption.Decimal("--learning-rate", "Adam's learning rate, of both networks.", 2e-4, 1e-9, 1);
Option<string?> classifier = new("--classifier")
{
    Description = "The file that classify.cs wrote: the classes of 10,000 generated digits are counted with it at the end.",
};
ProgramInfo info = new("dcgan", "A deep convolutional GAN learns to draw digits.", Epochs: 50, Batch: 256) {
    FreeOptions = [classifier.Name], TakesWeights = true };
return TrainingProgram.Run(
    args, info, run => Train(run, run.Option(discriminator)!, run.Option(rate), run.Option(classifier)), discriminator, rate, classifier);

static void Train(TrainingRun run, string discriminator, double rate, string? classifierPath)
{
    ImageDataset data = run.LoadSquares(Dcgan.Divisor);
    ImageSize size = data.Size;
    BatchLoader batches = run.Batches(data);
    ModuleOptions options = new(run.Random, run.Device);

    // A file that is not there is found out before training.
    using DigitClassifier classifier = new(new ModuleOptions(new RandomStream(0), run.Device), size, Math.Max(2, data.Classes));
    if (classifierPath is not null) classifier.Load(classifierPath);

    // G: noise [batch, 100] to images [batch, height, width, channels] in [-1, 1];  D: images to logits [batch, 1]
    Sequential generator = Dcgan.Generator(options, Latent, channels: size.Channels, side: size.Height);
    Sequential judge = discriminator == "conv"
        ? Dcgan.ConvolutionalDiscriminator(options, channels: size.Channels, side: size.Height)
        : Dcgan.DenseDiscriminator(options, pixels: size.Length);
    run.LoadWeights(("generator", generator), ("discriminator", judge));
    using Gan gan = new(generator, judge, Latent, options, new GanOptions { LearningRate = rate, Beta1 = 0.5 });
    using var noise = gan.Noise(64);

    Trainer trainer = run.Trainer(gan);
    GanWatch watch = new(trainer);
    float[] few = data.Take(Math.Min(64, data.Count)).ToFloats();
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            GanLosses losses = gan.Step(batch.Images, size.Of(batch.Count));
            trainer.Report(("d_loss", losses.Discriminator), ("g_loss", losses.Generator));
            trainer.Observe(losses.Signs());
        }

        float[] samples = gan.Sample(noise);
        watch.Look(samples, few, size.Length);
        run.Output.Save($"epoch-{epoch:000}.png", new ImageGrid().Draw(samples, size), "Samples of the same 64 noise vectors");
    }

    if (run.IsStopping) return;
    run.SaveWeights(GanFile.Describe(generator, Latent, size), ("generator", generator), ("discriminator", judge));
    if (classifierPath is null) return;
    ClassCounts counts = classifier.Count(10_000, count => gan.Sample(count, run.Stopping), run.Stopping);
    trainer.Record("rarest_class", counts.SmallestShare);
    trainer.Record("mean_confidence", counts.MeanConfidence);
    run.Print($"Classes of generated digits: {counts}");
    run.Print(counts.Missing(0.05) is { Count: > 0 } rare ? $"Rarer than 5 %: {string.Join(", ", rare)}" : "Every class has at least 5 %.");
}
