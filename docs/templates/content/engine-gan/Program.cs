// Trains a GAN and draws what it has learnt after each epoch: dotnet run -- --help lists the options.
using Engine.Autograd.Nn;
using Engine.Models.Adversarial;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;

const int Latent = 64;

var rate = ProgramOption.Decimal("--learning-rate", "Adam's learning rate, of both networks.", 2e-4, 1e-9, 1);
ProgramInfo info = new("gan", "A GAN learns to draw what it is shown.", Epochs: 20, Batch: 64);
return TrainingProgram.Run(args, info, Train, rate);

void Train(TrainingRun run)
{
    ImageDataset data = run.LoadImages();   // --data digits, mnist, cifar-10, or a folder of pictures
    int pixels = data.Size.Length;
    ModuleOptions options = new(run.Random, run.Device);

    // Noise [batch, Latent] to images [batch, pixels] in [-1, 1].
    Sequential generator = new(
        new Linear(Latent, 256, options), new LeakyRelu(0.2),
        new Linear(256, 512, options), new LeakyRelu(0.2),
        new Linear(512, pixels, options), new Tanh());

    // Images [batch, pixels] to the logit [batch, 1] that each is real.
    Sequential discriminator = new(
        new Linear(pixels, 512, options), new LeakyRelu(0.2), new Dropout(0.3, options),
        new Linear(512, 256, options), new LeakyRelu(0.2), new Dropout(0.3, options),
        new Linear(256, 1, options));

    using Gan gan = new(generator, discriminator, Latent, options, new GanOptions { LearningRate = run.Option(rate) });
    using var noise = gan.Noise(64);   // the same in every epoch, so that one sees each sample come into being

    BatchLoader batches = run.Batches(data);
    Trainer trainer = run.Trainer(gan);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            GanLosses losses = gan.Step(batch.Images, [batch.Count, pixels]);
            trainer.Report(("d_loss", losses.Discriminator), ("g_loss", losses.Generator));
        }

        Picture samples = new ImageGrid().Draw(gan.Sample(noise), data.Size);
        run.Output.Save($"epoch-{epoch:000}.png", samples, "Samples of the same 64 noise vectors");
    }

    // ModelFile.Open(path) makes a model of this file again that draws more.
    if (!run.IsStopping) run.SaveWeights(
        GanFile.Describe(generator, Latent, data.Size), ("generator", generator), ("discriminator", discriminator));
}
