#:project ../../Engine.Models
#:property PublishAot=false

// A GAN whose critic is held smooth draws digits: dotnet run docs/lessons/wgan.cs -- [--critic gp|lp|clip|spectral|hinge|r1|r3|plain]
// [--data digits|shapes|mnist|PATH] [--help]. See wgan.md.
using System.CommandLine;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Metrics;
using Engine.Models.Training;

const int Latent = 100, Judged = 10_000;

Option<string> critic = ProgramOption.Choice(
    "--critic", "What keeps the critic honest: a gradient penalty, a one-sided one, clipped weights (all three with the Wasserstein loss), "
    + "spectral normalisation with the hinge loss, the hinge loss alone, a penalty at the data, the relativistic loss with penalties at "
    + "data and samples, or nothing.", "gp", "lp", "clip", "spectral", "hinge", "r1", "r3", "plain");
Option<double?> penalty = ProgramOption.OptionalDecimal(
    "--penalty", "The weight of the penalty, or the bound of the weights; by default the paper's: 10, and 0.01.", 1e-9, 1e6);
Option<int?> criticSteps = ProgramOption.OptionalInteger(
    "--critic-steps", "Steps of the critic to each one of the generator; by default the paper's: 5 with the Wasserstein loss, else 1.", 1,
    1000);
Option<double?> rate = ProgramOption.OptionalDecimal(
    "--learning-rate", "The generator's learning rate to begin with; by default the paper's. Both rates fall to 0 along a line.", 1e-9, 1);
Option<double?> criticRate =
    ProgramOption.OptionalDecimal("--critic-learning-rate", "The critic's own; by default the paper's.", 1e-9, 1);
Option<int> width = ProgramOption.Integer("--width", "Channels of the generator's last images and of the critic's first.", 32, 1, 512);
Option<double> average = ProgramOption.Decay("--average", "The decay of the average of the generator's weights; 0 for none.", 0.999);
Option<string?> classifier = new("--classifier") {
    Description = "The file that classify.cs wrote: the classes of 10,000 samples are counted with it at the end." };

ProgramInfo info = new("wgan", "A GAN whose critic is held smooth, in one of several ways, learns to draw digits.", Epochs: 25, Batch: 64) {
    FreeOptions = [classifier.Name], TakesWeights = true };
return TrainingProgram.Run(
    args, info, Train, critic, penalty, criticSteps, rate, criticRate, width, average, classifier);

void Train(TrainingRun run)
{
    ImageDataset data = run.LoadSquares(Dcgan.Divisor);
    ImageSize size = data.Size;
    BatchLoader batches = run.Batches(data);
    ModuleOptions options = new(run.Random, run.Device);

    // A file that is not there is found out before training.
    using DigitClassifier judge = new(new ModuleOptions(new RandomStream(0), run.Device), size, Math.Max(2, data.Classes));
    ImageDataset? test = run.Option(classifier) is null ? null : run.LoadSquares(Dcgan.Divisor, "test");
    if (run.Option(classifier) is { } path) judge.Load(path);

    GanRecipe recipe = GanRecipe.Of(run.Option(critic) switch {
        "r3" => "r3gan", "plain" => "gan", "gp" or "lp" or "clip" => $"wgan-{run.Option(critic)}", var name => name! },
        run.Option(penalty));

    // G: noise [batch, 100] to images [batch, height, width, channels] in [-1, 1];  D: images to scores [batch, 1]
    Sequential generator = Dcgan.Generator(options, Latent, run.Option(width), size.Channels, size.Height);
    Sequential discriminator = Dcgan.Critic(
        options, run.Option(width), recipe.Around(options), size.Channels, size.Height);
    run.LoadWeights(("generator", generator), ("discriminator", discriminator));
    using Gan gan = new(generator, discriminator, Latent, options, recipe.Training with
    {
        DiscriminatorSteps = run.Option(criticSteps) ?? recipe.Training.DiscriminatorSteps,
        AverageDecay = run.Option(average) is var decay and > 0 ? decay : null,
    });
    LearningRateSchedule ofGenerator = Falling(run.Option(rate), gan.GeneratorOptimizer),
        ofCritic = Falling(run.Option(criticRate), gan.DiscriminatorOptimizer);
    using var noise = gan.Noise(64);

    Trainer trainer = run.Trainer(gan);
    GanWatch watch = new(trainer);
    float[] few = data.Take(Math.Min(64, data.Count)).ToFloats();
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            gan.GeneratorOptimizer.LearningRate = ofGenerator(trainer.Step);
            gan.DiscriminatorOptimizer.LearningRate = ofCritic(trainer.Step);
            GanLosses losses = gan.Step(batch.Images, size.Of(batch.Count));
            trainer.Report(losses.Named());
            trainer.Observe(losses.Signs());
        }

        float[] samples = gan.Sample(noise);
        watch.Look(samples, few, size.Length);
        run.Output.Save($"epoch-{epoch:000}.png", new ImageGrid().Draw(samples, size), "Samples of the same noise");
    }

    if (run.IsStopping) return;
    using (gan.UseAverage()) run.SaveWeights(
        GanFile.Describe(generator, Latent, size), ("generator", gan.Generator), ("discriminator", gan.Discriminator));
    run.Output.Save("samples.png", new ImageGrid().Draw(gan.Sample(noise), size));
    if (run.Option(classifier) is null) return;
    List<float> drawn = [];
    ClassCounts counts = judge.Count(Judged, count =>
    {
        float[] some = gan.Sample(count, run.Stopping);
        drawn.AddRange(some);
        return some;
    }, run.Stopping);
    SampleQuality quality = new SampleJudge(judge, data, test!, Judged, run.Stopping).Of([.. drawn], run.Stopping);
    trainer.Record("rarest_class", counts.SmallestShare);
    trainer.Record("mean_confidence", counts.MeanConfidence);
    trainer.Record("frechet_distance", quality.FrechetDistance);
    run.Print($"Classes of generated digits: {counts}");
    run.Print(FormattableString.Invariant(
        $"By the classifier's features: Fréchet distance {quality.FrechetDistance:0.0}, precision {quality.Manifold!.Precision:0.000}, ")
        + FormattableString.Invariant($"recall {quality.Manifold.Recall:0.000}, density {quality.Density!.Density:0.000}, ")
        + FormattableString.Invariant($"coverage {quality.Density.Coverage:0.000}."));
    foreach (string sign in quality.Signs(judge.ClassCount)) trainer.Warn(sign, $"of {Judged} samples, {sign}.");

    LearningRateSchedule Falling(double? asked, Optimizer optimizer) =>
        LearningRateSchedules.Linear(asked ?? optimizer.LearningRate, 0, run.AllSteps(batches));
}
