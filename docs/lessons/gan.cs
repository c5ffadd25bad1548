#:project ../../Engine.Models
#:property PublishAot=false

// A GAN learns to draw digits: dotnet run docs/lessons/gan.cs -- [--data digits|shapes|mnist|PATH] [--help]. The page beside it, gan.md,
// explains each part.
using Engine.Autograd.Nn;
using Engine.Models.Adversarial;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;

const int Latent = 100;

var model = ProgramOption.Choice(
    "--model", "The networks: large, the four-layer ones with dropout, or small, two hidden layers of 128 with a discriminator that "
    + "gives logits.",
    "large", "small");
var rate = ProgramOption.Decimal("--learning-rate", "Adam's learning rate, of both networks.", 2e-4, 1e-9, 1);
var beta1 = ProgramOption.Decay("--beta1", "Adam's decay of the mean gradient. 0.9 is usual; 0.5 makes training more stable.", 0.5);
ProgramInfo info = new("gan", "A generative adversarial network of fully connected layers learns to draw digits.", Epochs: 50, Batch: 64) {
    TakesWeights = true };
return TrainingProgram.Run(
    args, info, run => Train(run, run.Option(model) == "small", run.Option(rate), run.Option(beta1)), model, rate, beta1);

static void Train(TrainingRun run, bool small, double rate, double beta1)
{
    ImageDataset data = run.LoadImages();
    ImageSize size = data.Size;
    BatchLoader batches = run.Batches(data);
    ModuleOptions options = new(run.Random, run.Device);

    (Sequential generator, Sequential discriminator, GanOptions training) = small
        ? Small(options, size.Length) : Large(options, size.Length);
    run.LoadWeights(("generator", generator), ("discriminator", discriminator));
    using Gan gan = new(generator, discriminator, Latent, options, training with { LearningRate = rate, Beta1 = beta1 });
    int gridEvery = small ? 10 : 1;
    using var noise = gan.Noise(64);

    Trainer trainer = run.Trainer(gan);
    GanWatch watch = new(trainer);
    float[] few = data.Take(Math.Min(64, data.Count)).ToFloats();
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            GanLosses losses = gan.Step(batch.Images, [batch.Count, size.Length]);
            trainer.Report(("d_loss", losses.Discriminator), ("g_loss", losses.Generator));
            trainer.Observe(losses.Signs());
        }

        if (epoch % gridEvery != 0 && epoch != run.Epochs && !trainer.IsStopping) continue;
        float[] samples = gan.Sample(noise);
        watch.Look(samples, few, size.Length);
        run.Output.Save($"epoch-{epoch:000}.png", new ImageGrid().Draw(samples, size), "Samples of the same 64 noise vectors");
    }

    if (!run.IsStopping) run.SaveWeights(
        GanFile.Describe(generator, Latent, size), ("generator", generator), ("discriminator", discriminator));
    ReadOnlySpan<float> digit = gan.Sample(noise).AsSpan(0, size.Length);
    run.Output.Save("digit.png", new ImageGrid { Magnification = 8 }.Draw(digit, size), "The first sample, enlarged");
    run.ShowImage(digit, size);
}

static (Sequential Generator, Sequential Discriminator, GanOptions Training) Large(ModuleOptions options, int pixels)
{
    // G: noise [batch, 100] to images [batch, pixels] in [-1, 1]
    Sequential generator = new(
        new Linear(Latent, 256, options), new LeakyRelu(0.2),
        new Linear(256, 512, options), new LeakyRelu(0.2),
        new Linear(512, 1024, options), new LeakyRelu(0.2),
        new Linear(1024, pixels, options), new Tanh());

    // D: images [batch, pixels] to the probability [batch, 1] that each is real
    Sequential discriminator = new(
        new Linear(pixels, 1024, options), new LeakyRelu(0.2), new Dropout(0.3, options),
        new Linear(1024, 512, options), new LeakyRelu(0.2), new Dropout(0.3, options),
        new Linear(512, 256, options), new LeakyRelu(0.2),
        new Linear(256, 1, options), new Sigmoid());

    return (generator, discriminator, new GanOptions { Objective = new NonSaturatingObjective { FromProbabilities = true } });
}

static (Sequential Generator, Sequential Discriminator, GanOptions Training) Small(ModuleOptions options, int pixels)
{
    Sequential generator = new(
        new Linear(Latent, 128, options), new Relu(),
        new Linear(128, 128, options), new Relu(),
        new Linear(128, pixels, options), new Tanh());

    // D ends without a sigmoid: it gives the logit of that probability.
    Sequential discriminator = new(
        new Linear(pixels, 128, options), new Relu(),
        new Linear(128, 128, options), new Relu(),
        new Linear(128, 1, options));

    // L_D is halved: the mean over real and generated images, not the sum
    return (generator, discriminator, new GanOptions { Objective = new NonSaturatingObjective { DiscriminatorWeight = 0.5 } });
}
