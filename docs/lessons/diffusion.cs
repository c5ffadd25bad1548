#:project ../../Engine.Models
#:property PublishAot=false

// A diffusion model learns to draw digits out of noise: dotnet run docs/lessons/diffusion.cs -- [--data digits|shapes|mnist|PATH]
// [--predict eps|x0|v] [--help]. See diffusion.md.
using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Diffusion;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;

DiffusionCommandLine options = new();
ProgramInfo info = new("diffusion", "A diffusion model learns to draw digits out of noise.", Epochs: 30, Batch: 64) {
    FreeOptions = DiffusionCommandLine.OfSampling, TakesWeights = true };
return TrainingProgram.Run(args, info, run => Train(run, options.Read(run)), options.All);

static void Train(TrainingRun run, DiffusionChoices choices)
{
    ImageDataset data = run.LoadSquares(multipleOf: 4), test = run.LoadSquares(multipleOf: 4, "test");
    choices = choices.For(data);
    ImageSize size = data.Size;
    BatchLoader batches = run.Batches(data);

    if (choices.SignalWarning is { } warning) run.Print(warning);

    // A file that is not there is found out before training.
    using DigitClassifier classifier = new(new ModuleOptions(new RandomStream(0), run.Device), size, Math.Max(2, data.Classes));
    if (choices.Classifier is not null) classifier.Load(choices.Classifier);

    using Unet unet = new(choices.Network, new ModuleOptions(run.Random, run.Device));
    DenoisingDiffusion model = new(unet, choices.Schedule, choices.Prediction, choices.Variance);
    run.LoadWeights(unet, "unet");
    using Adam adam = new(unet.Parameters);
    using ExponentialMovingAverage average = new(unet, decay: 0.999, warmUp: true);
    double epochSteps = batches.BatchesPerEpoch, allSteps = run.Epochs * epochSteps;

    Trainer trainer = run.Trainer(("unet", unet), ("adam", adam), ("average", average));
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            // It rises over the first epoch, then falls along half a cosine.
            adam.LearningRate = choices.LearningRate
                * Math.Min((trainer.Step + 1) / epochSteps, 0.5 + (0.5 * Math.Cos(Math.PI * Math.Min(1, trainer.Step / allSteps))) + 1e-3);

            // x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e for a random t and e, and the squared error of what the network says of it
            using Tape tape = new(run.Device);
            Tensor clean = Tensor.From(batch.Images, size.Of(batch.Count));
            DiffusionLosses losses = model.Losses(clean, choices.IsConditional ? batch.Labels : default, run.Random, dropLabels: 0.1);
            Tensor[] gradients = tape.Gradients(losses.Loss, unet.Parameters);
            GradientClipping.ByNorm(gradients, 1);
            adam.Step(gradients);
            average.Update();
            trainer.Report(("loss", losses.Loss), ("simple", losses.Simple));
        }

        if (epoch % choices.Every > 0) continue;
        using IDisposable _ = average.Use();
        run.Output.Save($"samples-{epoch:000}.png",
            new ImageGrid().Draw(Samples(run, choices.Sampler(model), size, choices.Samples, choices, run.Random.Split("sheet")), size));
    }

    if (run.IsStopping) return;
    using IDisposable averaged = average.Use();
    run.SaveWeights(unet, DiffusionFile.Describe(choices, size));
    Show(run, model, choices, test);
    Measure(run, trainer, model, choices, test, classifier);
}

// Samples of the classes in turn, where the network knows them.
static float[] Samples(
    TrainingRun run, DiffusionSampler sampler, ImageSize size, int count, DiffusionChoices choices, RandomStream random) =>
    sampler.Sample(
        size.Of(count), random,
        choices.IsConditional ? [.. Enumerable.Range(0, count).Select(i => i % choices.Network.Classes)] : null,
        cancellation: run.Stopping);

static void Show(TrainingRun run, DenoisingDiffusion model, DiffusionChoices choices, ImageDataset test)
{
    DiffusionPictures pictures = new(model, test.Size);
    DiffusionSampler sampler = choices.Sampler(model);
    RandomStream random = run.Random.Split("pictures");
    int few = Math.Min(4, choices.Samples);
    run.Output.Save("forward.png", pictures.Forward(test.Spread(Math.Min(few, test.Count)).ToFloats(), random),
        "Images on their way into noise");
    run.Output.Save("reverse.png",
        pictures.Reverse(sampler, few, random,
            choices.IsConditional ? [.. new[] { 3, 5, 7, 8 }.Take(few).Select(i => i % choices.Network.Classes)] : null,
            cancellation: run.Stopping), "Samples on their way out of noise");
    run.Output.Save("samples.png",
        new ImageGrid { Columns = 10 }.Draw(Samples(run, sampler, test.Size, choices.Samples, choices, random), test.Size));
    float[] images = test.Spread(Math.Min(Math.Min(10, choices.Samples), test.Count)).ToFloats();
    run.Output.Save("inpainting.png", pictures.Inpainted(sampler, images, random, cancellation: run.Stopping),
        "Images, without their lower halves, and three paintings of what is missing");
}

static void Measure(TrainingRun run, Trainer trainer, DenoisingDiffusion model, DiffusionChoices choices, ImageDataset test,
    DigitClassifier classifier)
{
    RandomStream random = run.Random.Split("test");
    if (choices.BoundImages > 0)
    {
        int count = Math.Min(test.Count, 10_000);
        VariationalBound bound = model.Bound(
            test.Take(count).ToFloats(), test.Size.Of(count), random, choices.IsConditional ? test.Labels[..count] : default,
            choices.BoundImages, cancellation: run.Stopping);
        trainer.Record("bits_per_dim", bound.Total);
        run.Output.Save("bound.svg", DiffusionPictures.Bound(bound), "The terms of the bound over the steps");
        run.Print(string.Create(
            CultureInfo.InvariantCulture,
            $"Variational bound of test images: {bound.Total:0.000} bits/dim ({bound.Terms[0]:0.000} of the first step, "
            + $"{bound.Prior:0.0000} of the prior; {bound.Images} images for each of {bound.Terms.Count} steps)."));
    }

    if (choices.Classifier is null) return;
    DiffusionSampler sampler = choices.Sampler(model);
    ClassCounts counts = new(classifier.ClassCount);
    while (counts.Total < 10_000)
    {
        counts.Add(classifier.Probabilities(Samples(run, sampler, test.Size, 250, choices, random)));
        if (counts.Total % 2500 == 0) run.Print($"{counts.Total} of 10000 samples judged.");
    }

    trainer.Record("rarest_class", counts.SmallestShare);
    trainer.Record("mean_confidence", counts.MeanConfidence);
    run.Print($"Classes of generated digits: {counts}");
    run.Print(counts.Missing(0.05) is { Count: > 0 } rare ? $"Rarer than 5 %: {string.Join(", ", rare)}" : "Every class has at least 5 %.");
}
