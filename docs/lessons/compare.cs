#:project ../../Engine.Models
#:property PublishAot=false

// Six generative models learn the same images side by side: dotnet run docs/lessons/compare.cs -- [--data digits|shapes|mnist|PATH]
// [--help]. See compare.md.
using System.Diagnostics;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial;
using Engine.Models.Classification;
using Engine.Models.Comparison;
using Engine.Models.Data;
using Engine.Models.Imaging;
using Engine.Models.Metrics;
using Engine.Models.Training;

const int JudgeEpochs = 3;

var only = ProgramOption.Choice("--only", "One family alone, or all.", ["all", .. Contestants.Names]);
var width = ProgramOption.Integer(
    "--width", "The width of all networks; 16 makes models of about 400,000 parameters.", 16, least: 1, most: 256);
var samples = ProgramOption.Integer("--samples", "Samples of each model that are judged, at least 100; 0 draws none.", 2000, 0, 100_000);
var testImages = ProgramOption.Integer("--test-images", "Test images that the likelihood is measured on, at most.", 1000, least: 2);
ProgramInfo info = new(
    "compare", "A VAE, two GANs, an autoregressive model, a flow and a diffusion model learn the same images.", Epochs: 10,
    Batch: 64)
{
    Images = 12_000,
    FreeOptions = [samples.Name, testImages.Name],
};
return TrainingProgram.Run(args, info, Train, only, width, samples, testImages);

void Train(TrainingRun run)
{
    ImageDataset data = run.LoadSquares(Dcgan.Divisor), test = run.LoadSquares(Dcgan.Divisor, "test");
    ImageSize size = data.Size;
    if (run.Option(samples) is > 0 and < 100) throw new DataException($"--samples must be 0 or at least 100, was {run.Option(samples)}.");

    // What the judge of samples needs is found out before training.
    foreach (ImageDataset part in (ImageDataset[])[data, test])
    {
        if (run.Option(samples) > 0 && (part.Count < SampleJudge.LeastImages || part.Classes < 2))
        {
            throw new DataException(
                $"Samples are judged by a classifier of at least {SampleJudge.LeastImages} images of 2 classes or more, "
                + $"found {part.Count} of {part.Classes} in {part.Name}; --samples 0 draws none.");
        }
    }

    BatchLoader batches = run.Batches(data, PixelScale.Unit);

    ModuleOptions options = new(run.Random, run.Device);
    Contestant[] models = [.. Contestants.Names.Where(name => run.Option(only) == "all" || run.Option(only) == name)
        .Select(name => Contestants.Make(name, run.Option(width), options, size))];
    Trainer trainer = run.Trainer([.. models.Select(model => (model.Family, (IStateful)model))]);
    foreach (int epoch in trainer.Epochs())
    {
        // All see the same batches in the same order; each takes its own time, which is added up.
        foreach (Batch batch in trainer.Steps(batches))
            foreach (Contestant model in models) trainer.Report(
                model == models[0] ? batch.Count : 0, (model.Family, model.Step(batch.Images, batch.Count)));

        foreach (Contestant model in models) run.Output.Save(
            $"{model.Family}-{epoch:000}.png", Grid(model.Sample(16, Stream(model, "grid"), run.Stopping), size),
            $"{model.Family}: 16 samples of the same noise");
    }

    if (!run.IsStopping) Compare(run, models, data, test);
    foreach (Contestant model in models) model.Dispose();

    // The same draws for a model in every epoch, so that its pictures show what training changes.
    RandomStream Stream(Contestant model, string what) => run.Random.Split(what).Split(model.Family);
}

void Compare(TrainingRun run, Contestant[] models, ImageDataset data, ImageDataset test)
{
    using DigitClassifier classifier = new(
        new ModuleOptions(run.Random.Split("classifier"), run.Device), data.Size, Math.Max(2, data.Classes));
    SampleJudge? judge = run.Option(samples) > 0 ? Judge(run, classifier, data, test, run.Option(samples)) : null;
    ImageDataset measured = test.Spread(Math.Min(run.Option(testImages), test.Count));
    List<ComparisonRow> rows = [];
    foreach (Contestant model in models)
    {
        (float[] drawn, double seconds) = judge is null ? ([], 1)
            : Draw(model, run.Option(samples), run.Random.Split("samples").Split(model.Family), run.Stopping);
        if (judge is not null) run.Output.Save($"{model.Family}.png", Grid(drawn.AsSpan(0, 64 * data.ImageLength), data.Size),
            $"{model.Family}: 64 samples");
        SampleQuality? quality = judge?.Of(drawn, run.Stopping);
        rows.Add(new ComparisonRow(
            model.Family, model.ParameterCount, model.ImagesPerSecond, judge is null ? 0 : run.Option(samples) / seconds,
            model.LikelihoodKind,
            model.BitsPerDimension(measured, run.Random.Split("test"), run.Stopping), quality,
            [.. quality?.Signs(classifier.ClassCount) ?? [], .. model.Signs(measured, run.Stopping)]));

        // The rows so far: a run that is stopped keeps them.
        run.Output.SaveText("comparison.md", Table());
    }

    run.Print(Table());

    string Table() => new ComparisonTable(rows, judge?.Data).ToString();
}

// A classifier that learns the same images says what the samples look like.
static SampleJudge Judge(TrainingRun run, DigitClassifier classifier, ImageDataset data, ImageDataset test, int samples)
{
    classifier.Fit(data, JudgeEpochs, run.Seed, run.Stopping);
    run.Print(FormattableString.Invariant($"The judge gets {classifier.Accuracy(test, run.Stopping):P2} of the test images right."));
    return new SampleJudge(classifier, data, test, samples, run.Stopping);
}

static (float[] Samples, double Seconds) Draw(Contestant model, int count, RandomStream random, CancellationToken stopping)
{
    const int AtOnce = 100;
    List<float> drawn = [];
    long start = Stopwatch.GetTimestamp();
    for (int done = 0; done < count; done += AtOnce) drawn.AddRange(model.Sample(Math.Min(AtOnce, count - done), random, stopping));
    return ([.. drawn], Stopwatch.GetElapsedTime(start).TotalSeconds);
}

static Picture Grid(ReadOnlySpan<float> samples, ImageSize size) => new ImageGrid().Draw(samples, size);
