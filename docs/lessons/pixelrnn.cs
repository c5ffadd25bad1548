#:project ../../Engine.Models
#:property PublishAot=false

// A PixelRNN draws images row by row, pixel by pixel: dotnet run docs/lessons/pixelrnn.cs -- [--data digits|mnist|binarized-mnist|PATH]
// [--help]. See pixelrnn.md.
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;

PixelRnnCommandLine options = new(args);
return TrainingProgram.Run(args, options.Info, run => Train(run, options), options.All);

static void Train(TrainingRun run, PixelRnnCommandLine options)
{
    PixelChoices choices = options.Images(run);
    PixelImages images = PixelImages.Load(run, choices, holdOut: true).Grey("A PixelRNN");
    int pixels = images.Size.Length;
    BatchLoader batches = run.Batches(images.Train, images.Scale);

    // p(x) = product over the pixels of p(pixel | those before it): the rows are the steps of a recurrent network.
    using PixelRnn model = options.Model(run, images.Size, new ModuleOptions(run.Random, run.Device));
    run.LoadWeights(model);
    using PixelModelTraining<PixelRnn> training = new(model, run.AllSteps(batches), options.LearningRate(run));
    PixelPictures pictures = new(model, images.Size);

    // A part of the images is enough to watch the training.
    ReadOnlyMemory<float> watched = images.Validation.AsMemory(0, Math.Min(images.Validation.Length, 1000 * pixels));
    Trainer trainer = run.Trainer(training);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches)) trainer.Report(("nats", training.Step(batch.Images, [batch.Count, pixels])));
        trainer.Record("validation_nats", training.Nats(watched.Span, images.ShapeOf(watched.Span), [], run.Stopping));
    }

    // What training never saw, with the average of the weights.
    if (run.IsStopping) return;
    using IDisposable averaged = training.UseAverage();
    run.SaveWeights(model, PixelRnnFile.Describe(model));
    double nats = -model.LogLikelihood(images.Test, images.ShapeOf(images.Test), cancellation: run.Stopping).Average();
    trainer.Record("test nats", nats);
    run.Print(FormattableString.Invariant($"-log p(x) of {images.Test.Length / pixels} test images: {nats:0.00} nats"));
    run.Output.Save("samples.png", pictures.Samples(choices.Samples, run.Random.Split("samples"), run.Stopping));
    run.Output.Save("completions.png",
        pictures.Completions(images.Test, [], run.Random.Split("completions"), cancellation: run.Stopping),
        "Test images, their upper halves, six completions of each");
}
