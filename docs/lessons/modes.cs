#:project ../../Engine.Models
#:property PublishAot=false

// GANs with one objective after another learn data whose modes can be counted: dotnet run docs/lessons/modes.cs -- [--data
// ring|grid|stacked] [--only gan,r3gan] [--seeds 5] [--help]. See modes.md.
using System.CommandLine;
using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Training;

const int JudgeEpochs = 3, ShownSamples = 1000;

Option<string> data = ProgramOption.Choice(
    "--data", "What to learn: eight normal distributions on a circle, twenty-five on a grid, or digits in each of three colour channels.",
    "ring", "grid", "stacked");
Option<string> digits = new("--digits") {
    Description = $"The digits of --data stacked: {string.Join(", ", Datasets.Names)}, or the path of a folder with IDX files.",
    DefaultValueFactory = _ => Datasets.DigitsName };
Option<string> only = new("--only") {
    Description = $"The recipes to compare, with commas between: {string.Join(", ", GanRecipe.Names)}. By default a choice of them.",
    DefaultValueFactory = _ => "" };
Option<int> seeds = ProgramOption.Integer("--seeds", "How many GANs of each recipe are trained side by side.", 1, 1, 100);
Option<int> steps = ProgramOption.Integer("--steps", "Steps of each network in a round.", 500, 1);
Option<int> hidden = ProgramOption.Integer("--hidden", "Units of a hidden layer in the plane; of images the width of the networks is a "
    + "fourth of it.", 128, 1, 4096);
Option<double?> rate = ProgramOption.OptionalDecimal("--learning-rate", "The learning rate of both networks to begin with; it falls to 0 "
    + "along a line. By default 0.002 in the plane, 0.0002 for images.", 1e-9, 1);
Option<int?> samples = ProgramOption.OptionalInteger(
    "--samples", "Samples that are counted at the end; by default as many as in papers: 2,500 points, 26,000 images.", 1, 1_000_000);
Option<int> images = ProgramOption.Integer("--images", "With --data stacked, how many images to stack.", 60_000, 2, 300_000);
Option<string?> classifier = new("--classifier") {
    Description = "With --data stacked, the file that classify.cs wrote; without it a classifier learns the digits first." };

ProgramInfo info = new("modes", "GANs with one objective after another learn data whose modes can be counted.", Epochs: 30, Batch: 256,
    Data: null)
{
    EpochsHelp = "Rounds.", BatchHelp = "Samples in a batch.", MaxBatch = 65_536, FreeOptions = [samples.Name, classifier.Name],
};
return TrainingProgram.Run(args, info, Train, data, digits, only, seeds, steps, hidden, rate, samples, images, classifier);

void Train(TrainingRun run)
{
    // A file that is not there is found out before training.
    using DigitClassifier judge = new(new ModuleOptions(run.Random.Split("judge"), run.Device));
    if (run.Option(classifier) is { } path) judge.Load(path);
    ModeTask task = run.Option(data) switch
    {
        "ring" => new PlaneModeTask(GaussianMixture.Ring, run.Option(hidden)),
        "grid" => new PlaneModeTask(GaussianMixture.Grid, run.Option(hidden)),
        _ => new StackedModeTask(StackedDigits.Of(Digits(run, "train"), run.Option(images), run.Random.Split("stacks")), judge,
            Math.Max(1, run.Option(hidden) / 4)),
    };
    IReadOnlyList<string> names = run.Option(only) is { Length: > 0 } asked ? asked.Split(',') : task.Recipes;
    if (names.Except(GanRecipe.Names).FirstOrDefault() is { } unknown) throw new DataException(
        $"--only must be names of {string.Join(", ", GanRecipe.Names)} with commas between; '{unknown}' is none of them.");

    // All see the same batches; each draws from a random stream of its own.
    (string Name, int Seed, Gan Gan)[] all = [.. names.Distinct().SelectMany(name => Enumerable.Range(1, run.Option(seeds)).Select(
        seed => (name, seed, task.Make(name, new ModuleOptions(run.Random.Split(name).Split(seed), run.Device)))))];
    double first = run.Option(rate) ?? task.LearningRate;
    LearningRateSchedule falling = LearningRateSchedules.Linear(first, 0, run.AllSteps(run.Option(steps)));
    Trainer trainer = run.Trainer([.. all.Select(one => ($"{one.Name}-{one.Seed}", (IStateful)one.Gan))]);
    GanWatch watch = new(trainer);
    foreach (int round in trainer.Epochs())
    {
        foreach (int _ in trainer.Steps(run.Option(steps), run.Batch))
        {
            float[] batch = task.Draw(run.Batch, run.Random);
            foreach ((string name, int seed, Gan gan) in all)
            {
                gan.GeneratorOptimizer.LearningRate = gan.DiscriminatorOptimizer.LearningRate = falling(trainer.Step);
                GanLosses losses = gan.Step(batch, task.ShapeOf(run.Batch));
                trainer.Report(name == all[0].Name && seed == 1 ? run.Batch : 0, (name, losses.Discriminator));

                // The curves of one GAN can be read, those of many cannot.
                if (all.Length == 1) trainer.Observe(losses.Signs());
            }
        }

        if (all.Length == 1) watch.Look();
        if (round % 5 != 0 && round != run.Epochs) continue;
        foreach ((string name, int seed, Gan gan) in all.Where(one => one.Seed == 1))
            task.Save(run.Output, name, round, Samples(run, gan, name, seed, ShownSamples));
    }

    if (!run.IsStopping && task is StackedModeTask)
    {
        if (run.Option(classifier) is null) judge.Fit(Digits(run, "train"), JudgeEpochs, run.Seed, run.Stopping);
        double accuracy = judge.Accuracy(Digits(run, "test"), run.Stopping);
        run.Print(FormattableString.Invariant($"The judge gets {accuracy:P2} of the test digits right."));
    }

    if (!run.IsStopping) Compare(run, trainer, task, all);
    foreach ((string Name, int Seed, Gan Gan) one in all) one.Gan.Dispose();
}

void Compare(TrainingRun run, Trainer trainer, ModeTask task, (string Name, int Seed, Gan Gan)[] all)
{
    int count = run.Option(samples) ?? task.PublishedSamples;
    List<string> table = ["| recipe | modes | good samples | KL from equal modes |", "|---|---|---|---|"];
    foreach (IGrouping<string, (string Name, int Seed, Gan Gan)> recipe in all.GroupBy(one => one.Name))
    {
        ModeCount[] counts = [.. recipe.Select(one => task.Count(Samples(run, one.Gan, one.Name, one.Seed, count)))];
        trainer.Record($"{recipe.Key} modes", counts.Average(found => found.Covered));
        if (counts[0].GoodShare is not null) trainer.Record($"{recipe.Key} good", counts.Average(found => found.GoodShare!.Value));
        string good = counts[0].GoodShare is null ? "-" : $"{Mean(counts, found => 100 * found.GoodShare!.Value, "0.0")} %";
        table.Add($"| {recipe.Key} | {Mean(counts, found => found.Covered, "0.#")} of {counts[0].Modes} | {good} | "
            + $"{Mean(counts, found => found.Divergence, "0.000")} |");
    }

    run.Output.SaveText("modes.md", string.Join('\n', table) + "\n");
    run.Print($"{count} samples of each, {run.Option(seeds)} GANs of each recipe.\n{string.Join('\n', table)}");
}

// The mean over the seeds, with the standard deviation where there are several.
static string Mean(ModeCount[] counts, Func<ModeCount, double> value, string format)
{
    double mean = counts.Average(value), squares = counts.Sum(found => Math.Pow(value(found) - mean, 2));
    string text = mean.ToString(format, CultureInfo.InvariantCulture);
    return counts.Length == 1 ? text
        : $"{text} +- {Math.Sqrt(squares / (counts.Length - 1)).ToString(format, CultureInfo.InvariantCulture)}";
}

// The same noise in every round and for each length, so that pictures show what training changes.
static float[] Samples(TrainingRun run, Gan gan, string name, int seed, int count)
{
    const int AtOnce = 500;
    RandomStream random = run.Random.Split("samples").Split(name).Split(seed);
    List<float> drawn = [];
    for (int done = 0; done < count; done += AtOnce)
    {
        using Tensor noise = Tensor.Normal([Math.Min(AtOnce, count - done), gan.Latent], random, device: run.Device);
        drawn.AddRange(gan.Sample(noise, cancellation: run.Stopping));
    }

    return [.. drawn];
}

ImageDataset Digits(TrainingRun run, string split) => Datasets.Load(run.Option(digits)!, new DataOptions {
    Split = split, Seed = run.Seed, Count = run.Option(digits) == Datasets.DigitsName ? 12_000 : null, Cancellation = run.Stopping });
