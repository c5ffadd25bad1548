#:project ../../Engine.Models
#:property PublishAot=false

// A PixelRNN draws images row by row, pixel by pixel: dotnet run docs/lessons/pixelrnn.cs -- [--data digits|mnist|binarized-mnist|PATH]
// [--help]. See pixelrnn.md.
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Training;

PixelRnnOptions options = new(args);
return TrainingProgram.Run(args, options.Info, run => Train(run, options), options.All);

static void Train(TrainingRun run, PixelRnnOptions options)
{
    int side = options.Side(run), pixels = side * side;
    BinaryImageSplits images = BinaryImageSplits.Load(run, side, options.Binarization(run), options.Images(run));
    BatchLoader batches = run.Batches(images.Train, images.Scale);

    // p(x) = product over the pixels of p(pixel | those before it): the rows are the steps of a recurrent network.
    using PixelRnn model = options.Model(run, side, new ModuleOptions(run.Random, run.Device));
    run.LoadWeights(model);
    using PixelModelTraining<PixelRnn> training = new(model, run.AllSteps(batches), options.LearningRate(run));
    PixelModelPictures pictures = new(model, side, side);

    // A part of the images is enough to watch the training.
    ReadOnlyMemory<float> watched = images.Validation.AsMemory(0, Math.Min(images.Validation.Length, 1000 * pixels));
    Trainer trainer = run.Trainer(training);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches)) trainer.Report(("nats", training.Step(batch.Images)));
        trainer.Record("validation_nats", training.Nats(watched.Span));
    }

    // What training never saw, with the average of the weights.
    if (run.IsStopping) return;
    using IDisposable averaged = training.UseAverage();
    run.SaveWeights(model);
    double nats = -model.LogLikelihood(images.Test).Average();
    trainer.Record("test nats", nats);
    run.Print(FormattableString.Invariant($"-log p(x) of {images.Test.Length / pixels} test images: {nats:0.00} nats"));
    run.Output.Save("samples.png", pictures.Samples(options.Samples(run), run.Random.Split("samples")));
    run.Output.Save("completions.png", pictures.Completions(images.ToShow, run.Random.Split("completions")));
}
