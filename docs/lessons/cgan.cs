#:project ../../Engine.Models
#:property PublishAot=false

// A GAN is told which digit to draw: dotnet run docs/lessons/cgan.cs -- [--network dcgan|residual] [--condition projection|ac|concat]
// [--generator norm|concat] [--truncation T] [--data digits|shapes|mnist|PATH] [--help]. See cgan.md.
using System.CommandLine;
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Adversarial;
using Engine.Models.Adversarial.Conditional;
using Engine.Models.Adversarial.Residual;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;

const int DcganLatent = 100, JudgeEpochs = 3;

Option<string> network = ProgramOption.Choice(
    "--network", "Both networks: those of DCGAN, or residual ones with a split noise and attention, as BigGAN has them.", "dcgan",
    "residual");
Option<string> condition = ProgramOption.Choice(
    "--condition", "How the discriminator gets the class: by its embedding beside the features, as a question that it has to answer "
    + "itself, or as further channels of the image.", "projection", "ac", "concat");
Option<string> generatorKind = ProgramOption.Choice(
    "--generator", "How the generator gets the class: scales and offsets of its own in each normalisation, or beside the noise.",
    "norm", "concat");
Option<string> attention = ProgramOption.Choice("--attention", "Attention in the residual networks, at 14 x 14.", "on", "off");
Option<bool> spectralGenerator = new("--spectral-generator") {
    Description = "Spectral normalisation in the residual generator too." };
Option<string> recipeName = ProgramOption.Choice(
    "--recipe", "What the networks are trained for besides.", "spectral", "hinge", "gan", "r1", "r3gan", "wgan-gp");
Option<double> rate = ProgramOption.Decimal(
    "--learning-rate", "The generator's learning rate to begin with; the discriminator's is twice that. Both fall to 0 along a line.",
    2e-4, 0, 1);
Option<int> width = ProgramOption.Integer("--width", "Channels of the generator's last images and of the critic's first.", 32, 1, 512);
Option<double> average = ProgramOption.Decay("--average", "The decay of the average of the generator's weights; 0 for none.", 0.999);
Option<double> orthogonal = ProgramOption.Decimal(
    "--orthogonal", "The weight of the orthogonal regularisation of the generator, 1e-4 in BigGAN; 0 for none.", 0, 0, 1e6);
Option<int> standing = ProgramOption.Integer(
    "--standing", "Passes of 100 samples that gather the statistics of the generator's normalisations, for the weights that samples are "
    + "drawn with; 0 takes those that training has left.", 16, 0, 10_000);
Option<double> truncation = ProgramOption.Decimal(
    "--truncation", "The threshold beyond which noise is drawn again, for the samples that the classifier judges; 0 for none.", 0, 0, 100);
Option<int> columns = ProgramOption.Integer("--columns", "Images in a row of the pictures.", 10, 2, 100);
Option<int> samples = ProgramOption.Integer(
    "--samples", "Samples that the classifier judges at the end; 0 for none.", 10_000, 0, 1_000_000);
Option<string?> classifier = new("--classifier") {
    Description = "The file that classify.cs wrote, to judge with; without it a classifier learns the digits first." };

ProgramInfo info = new("cgan", "A GAN learns to draw the digit that it is told to draw.", Epochs: 20, Batch: 64) {
    FreeOptions = [samples.Name, classifier.Name, truncation.Name], TakesWeights = true };
return TrainingProgram.Run(
    args, info, Train, network, condition, generatorKind, attention, spectralGenerator, recipeName, rate, width, average, orthogonal,
    standing, truncation, columns, samples, classifier);

void Train(TrainingRun run)
{
    ImageDataset data = run.LoadSquares(Dcgan.Divisor);
    ImageSize size = data.Size;
    if (!data.IsLabelled) throw new DataException($"--data: expected images with labels, found none in {data.Name}.");
    BatchLoader batches = run.Batches(data);
    ModuleOptions options = new(run.Random, run.Device);
    int classes = data.Classes;

    // A file that is not there is found out before training.
    using DigitClassifier judge = new(new ModuleOptions(run.Random.Split("judge"), run.Device), size, Math.Max(2, classes));
    if (run.Option(classifier) is { } path) judge.Load(path);
    if (run.Option(samples) > 0 && classes < 2) throw new DataException(
        $"--samples: expected at least 2 classes for a classifier to tell apart, found {classes} in {data.Name}; --samples 0 judges none.");

    // G: noise [batch, latent] and labels to images [batch, height, width, channels] in [-1, 1];  D: images and labels to scores [batch, 1]
    GanRecipe recipe = GanRecipe.Of(run.Option(recipeName)!);
    ClassCondition way = run.Option(condition) switch {
        "ac" => ClassCondition.Classifier, "concat" => ClassCondition.Concatenation, _ => ClassCondition.Projection };
    (Module generator, Module discriminator, int latent) = run.Option(network) == "residual" ? Residual() : Convolutional();
    run.LoadWeights(("generator", generator), ("discriminator", discriminator));
    using Gan gan = new(generator, discriminator, latent, options, recipe.Training with
    {
        Objective = ConditionalDcgan.Objective(way, recipe.Training.Objective),
        AverageDecay = run.Option(average) is var decay and > 0 ? decay : null,
        GeneratorRegularizers = run.Option(orthogonal) is var weight and > 0 ? [new OrthogonalRegularizer(weight)] : [],
    });
    LearningRateSchedule falling = LearningRateSchedules.Linear(run.Option(rate), 0, run.AllSteps(batches));

    // A row for each class, the same noise in all of them.
    int inRow = run.Option(columns);
    using Tensor noise = gan.Noise(inRow);
    int[] rows = [.. Enumerable.Range(0, classes * inRow).Select(i => i / inRow)];
    Trainer trainer = run.Trainer(gan);
    GanWatch watch = new(trainer);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            gan.GeneratorOptimizer.LearningRate = falling(trainer.Step);
            gan.DiscriminatorOptimizer.LearningRate = 2 * falling(trainer.Step);
            GanLosses losses = gan.Step(batch.Images, size.Of(batch.Count), batch.Labels);
            trainer.Report(losses.Named());
            trainer.Observe(losses.Signs());
        }

        watch.Look();
        Gather();
        run.Output.Save($"epoch-{epoch:000}.png", Rows(), "A class in each row, the same noise down each column");
    }

    if (run.IsStopping) return;
    Gather();
    using (gan.UseAverage()) run.SaveWeights(Description(), ("generator", gan.Generator), ("discriminator", gan.Discriminator));
    run.Output.Save("samples.png", Rows(), "A class in each row, the same noise down each column");
    run.Output.Save("between.png", Between(), "From each class to the next, with one noise");
    run.Output.Save("truncation.png", Truncated(),
        "Five samples of each class in each part; truncated noise, less variety in each further part");
    if (run.Option(samples) > 0) Judge();

    (Module, Module, int) Convolutional() => (
        run.Option(generatorKind) == "norm"
            ? ConditionalDcgan.NormalizedGenerator(options, classes, DcganLatent, run.Option(width), size.Channels, size.Height)
            : ConditionalDcgan.ConcatenatedGenerator(options, classes, DcganLatent, run.Option(width), size.Channels, size.Height),
        ConditionalDcgan.Discriminator(
            options, way, classes, run.Option(width), recipe.Around(options), size.Channels, size.Height), DcganLatent);

    (Module, Module, int) Residual()
    {
        if (run.Option(generatorKind) != "norm") throw new DataException(
            $"--generator: expected norm with --network residual, found {run.Option(generatorKind)}.");
        if (!ResidualGanSize.IsSide(size.Height)) throw new DataException(
            $"--size: expected 4 to 7 times 2, 4, 8 and so on with --network residual, such as 28, 32 or 64, found {size} in {data.Name}.");
        ResidualGanSize networks = new() {
            Classes = classes, Side = size.Height, Channels = size.Channels, Width = run.Option(width),
            HasAttention = run.Option(attention) == "on" };
        Func<Module, Module>? around = run.Option(spectralGenerator) ? layer => new SpectralNorm(layer, options.Random) : null;
        return (new ResidualGenerator(options, networks, around), ResidualDiscriminator.Of(options, networks, way, recipe.Around(options)),
            networks.Latent);
    }

    ModelDescription Description() => gan.Generator is ResidualGenerator residual
        ? ConditionalGanFile.Describe(residual.Size, run.Option(spectralGenerator))
        : ConditionalGanFile.Describe(size, classes, latent, run.Option(width), isConcatenated: run.Option(generatorKind) != "norm");

    // The statistics of the normalisations, for the average of the weights.
    void Gather()
    {
        int[] each = [.. Enumerable.Range(0, 100).Select(i => i % classes)];
        if (run.Option(standing) > 0) gan.GatherStatistics(run.Option(standing), each.Length, each, cancellation: run.Stopping);
    }

    Picture Rows() => Drawn(gan.Sample(Repeated(classes), rows, run.Stopping));

    // From each class to the next one, in weights of the two; each row with noise of its own.
    Picture Between()
    {
        float[] weights = new float[classes * inRow * classes];
        for (int i = 0; i < classes * inRow; i++)
        {
            (int from, float share) = (i / inRow, (float)(i % inRow) / (inRow - 1));
            weights[(i * classes) + from] += 1 - share;
            weights[(i * classes) + ((from + 1) % classes)] += share;
        }

        using Tensor between = Tensor.From(weights, [classes * inRow, classes], run.Device), all = Repeated(classes, rowWise: true);
        return Drawn(gan.Sample(all, between, run.Stopping));
    }

    // The noise of the columns in each row; or row by row one noise in all of its columns.
    Tensor Repeated(int count, bool rowWise = false)
    {
        float[] few = noise.ToArray(), all = new float[count * inRow * latent];
        for (int i = 0; i < count * inRow; i++)
            few.AsSpan((rowWise ? i / inRow : i) % inRow * latent, latent).CopyTo(all.AsSpan(i * latent));
        return Tensor.From(all, [count * inRow, latent], run.Device);
    }

    // A row for each class, some samples for each threshold from left to right.
    Picture Truncated()
    {
        double[] thresholds = [2, 1, 0.5, 0.04];
        int pixels = size.Length;
        int each = inRow / 2;
        float[] all = new float[classes * thresholds.Length * each * pixels];
        for (int k = 0; k < thresholds.Length; k++)
        {
            using Tensor some = gan.Noise(classes * each, thresholds[k]);
            float[] drawn = gan.Sample(some, [.. Enumerable.Range(0, classes * each).Select(i => i / each)], run.Stopping);
            for (int row = 0; row < classes; row++)
                drawn.AsSpan(row * each * pixels, each * pixels).CopyTo(all.AsSpan(((row * thresholds.Length) + k) * each * pixels));
        }

        return new ImageGrid { Columns = thresholds.Length * each, Magnification = 1 }.Draw(all, size);
    }

    Picture Drawn(float[] images) => new ImageGrid { Columns = inRow }.Draw(images, size);

    void Judge()
    {
        if (run.Option(classifier) is null) judge.Fit(data, JudgeEpochs, run.Seed, run.Stopping);
        double accuracy = judge.Accuracy(run.LoadSquares(Dcgan.Divisor, "test"), run.Stopping);
        run.Print(FormattableString.Invariant($"The judge gets {accuracy:P2} of the test digits right."));
        double? threshold = run.Option(truncation) is var given and > 0 ? given : null;
        ClassAgreement agreement = new(classes);
        ClassCounts counts = new(classes);
        const int AtOnce = 250;
        for (int done = 0; done < run.Option(samples); done += AtOnce)
        {
            int[] asked = [.. Enumerable.Range(done, Math.Min(AtOnce, run.Option(samples) - done)).Select(i => i % classes)];
            using Tensor some = threshold is { } t ? gan.Noise(asked.Length, t) : gan.Noise(asked.Length);
            float[] probabilities = judge.Probabilities(gan.Sample(some, asked, run.Stopping));
            agreement.Add(probabilities, asked);
            counts.Add(probabilities);
        }

        trainer.Record("as_asked", agreement.Share);
        trainer.Record("worst_class", agreement.ShareOf(agreement.Worst));
        trainer.Record("mean_confidence", counts.MeanConfidence);
        run.Print($"Of the class that was asked for: {agreement}.");
        run.Print(FormattableString.Invariant($"Mean confidence of the judge: {counts.MeanConfidence:0.000}."));
    }
}
