#:project ../../Engine.Models
#:property PublishAot=false

// MADE learns how likely an image is, all pixels in one pass: dotnet run docs/lessons/made.cs -- [--data
// digits|shapes|mnist|binarized-mnist|PATH] [--help]. See made.md.
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;

MadeCommandLine options = new(args);
return TrainingProgram.Run(args, options.Info, run => Train(run, options), options.All);

static void Train(TrainingRun run, MadeCommandLine options)
{
    PixelChoices choices = options.Images(run);
    PixelImages images = PixelImages.Load(run, choices, holdOut: true);
    int pixels = images.Size.Length;
    BatchLoader batches = run.Batches(images.Train, images.Scale);

    // p(x) = product over d of p(x_d | x before d): one pass through masked layers gives all factors.
    using Made made = options.Model(run, pixels, new ModuleOptions(run.Random, run.Device));
    run.LoadWeights(made);
    if (!made.KnowsItsMasks) throw new DataException(
        $"--from: these weights are of masks that --seed {run.Seed} does not draw: expected the seed of the run that left them.");
    using PixelModelTraining<Made> training = new(made, run.AllSteps(batches), options.LearningRate(run));
    PixelPictures pictures = new(made, images.Size);

    Trainer trainer = run.Trainer(training);
    foreach (int epoch in trainer.Epochs())
    {
        made.Train();
        foreach (Batch batch in trainer.Steps(batches))
        {
            made.Use(trainer.Step);   // with several sets of masks: the next one
            trainer.Report(("nats", training.Step(batch.Images, [batch.Count, pixels])));
        }

        trainer.Record("validation_nats", training.Nats(images.Validation, images.ShapeOf(images.Validation), [], run.Stopping));
    }

    // What training never saw, with the average of the weights.
    if (run.IsStopping) return;
    using IDisposable averaged = training.UseAverage();
    run.SaveWeights(made, MadeFile.Describe(made, images.Size, options.IsAnyOrder(run), run.Seed));
    double nats = -made.LogLikelihood(images.Test, images.ShapeOf(images.Test), cancellation: run.Stopping).Average();
    trainer.Record("test nats", nats);
    run.Print(FormattableString.Invariant($"-log p(x) of {images.Test.Length / pixels} test images: {nats:0.00} nats"));
    run.Output.Save("samples.png", pictures.Samples(choices.Samples, run.Random.Split("samples"), run.Stopping));
}
