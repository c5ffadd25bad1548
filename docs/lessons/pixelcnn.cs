#:project ../../Engine.Models
#:property PublishAot=false

// A PixelCNN draws images pixel by pixel and knows how likely each is: dotnet run docs/lessons/pixelcnn.cs -- [--data
// digits|mnist|binarized-mnist|PATH] [--help]. See pixelcnn.md.
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Models.Variational;

PixelCnnOptions options = new();
PixelCnnRecipe recipe = PixelCnnOptions.RecipeOf(args);
ProgramInfo info = new("pixelcnn", "A PixelCNN learns to draw images pixel by pixel, and how likely each image is.", recipe.Epochs,
    recipe.Batch)
{
    FreeOptions = PixelCnnOptions.OfMeasuring,
    TakesWeights = true,
};
return TrainingProgram.Run(args, info, run => Train(run, options.Read(run)), options.All);

static void Train(TrainingRun run, PixelCnnChoices choices)
{
    int side = choices.Side;
    ImageDataset data = SmallerImages.Of(run.LoadImages(28, 28, channels: 1), side),
        test = SmallerImages.Of(run.LoadImages(28, 28, channels: 1, "test"), side);
    if (choices.TrainImages > 0) data = data.Take(Math.Min(choices.TrainImages, data.Count));
    if (choices.TellsClasses && !data.IsLabelled) throw new DataException($"--classes needs images with labels, {data.Name} has none.");
    Binarization binarization = choices.Binarization
        ?? (data.Pixels.ContainsAnyExcept((byte)0, (byte)255) ? Binarization.Dynamic : Binarization.None);
    test = test.Spread(Math.Min(choices.TestImages, test.Count));
    ImageDataset watched = test.Spread(Math.Min(1000, test.Count));
    float[] testImages = BinaryImages.ToFloats(test, binarization, run.Seed),
        watchedImages = BinaryImages.ToFloats(watched, binarization, run.Seed);
    (data, PixelScale scale) = BinaryImages.Prepare(data, binarization, run.Seed);
    BatchLoader batches = run.Batches(data, scale);

    // p(x) = product over all pixels of p(pixel | those before it): the model gives all factors at once.
    using PixelCnnModel model = choices.Model(data.Classes, new ModuleOptions(run.Random, run.Device));
    run.LoadWeights(model);
    using Adam adam = new(model.Parameters);
    using ExponentialMovingAverage average = new(model, choices.Recipe.AverageDecay, warmUp: true);
    LearningRateSchedule rate = choices.Recipe.Rate(run.AllSteps(batches));
    PixelCnnPictures pictures = new(model, side, side);
    Trainer trainer = run.Trainer(("model", model), ("adam", adam), ("average", average));
    foreach (int epoch in trainer.Epochs())
    {
        model.Train();
        foreach (Batch batch in trainer.Steps(batches))
        {
            using Tape tape = new(run.Device);
            Tensor x = Tensor.From(batch.Images, [batch.Count, side, side, 1]);
            Tensor nats = model.NegativeLogLikelihood(x, choices.TellsClasses ? Tensor.From(batch.Labels, [batch.Count]) : null).Mean();
            adam.LearningRate = rate(trainer.Step);
            adam.Step(tape.Gradients(nats, model.Parameters));
            average.Update();
            trainer.Report(("nats", nats));
        }

        if (epoch % 5 != 0 && epoch != 1) continue;
        using IDisposable averaged = average.Use();
        trainer.Record("test_nats",
            model.NegativeLogLikelihoods(watchedImages, [watched.Count, side, side, 1], choices.TellsClasses ? watched.Labels : [])
                .Average());
        run.Output.Save($"samples-{epoch:000}.png", pictures.Samples(Math.Min(50, choices.Samples), run.Random.Split("pictures")));
    }

    // What training never saw, with the average of the weights.
    using IDisposable last = average.Use();
    ReadOnlySpan<int> labels = choices.TellsClasses ? test.Labels : [];
    if (!run.IsStopping)
    {
        run.SaveWeights(model);
        Measure(run, trainer, model, testImages, labels, side);
    }

    run.Output.Save("samples.png", pictures.Samples(choices.Samples, run.Random.Split("samples")));
    run.Output.Save("completions.png", pictures.Completions(testImages, labels, run.Random.Split("completions")));
}

static void Measure(TrainingRun run, Trainer trainer, PixelCnnModel model, float[] images, ReadOnlySpan<int> labels, int side)
{
    int count = images.Length / (side * side);
    double nats = model.NegativeLogLikelihoods(images, [count, side, side, 1], labels).Average(),
        bits = PixelCnnModel.BitsPerPixel(nats, side * side);
    trainer.Record("test nats", nats);
    trainer.Record("test bits per pixel", bits);
    run.Print(FormattableString.Invariant($"-log p(x) of {count} test images: {nats:0.00} nats, {bits:0.0000} bits per pixel"));
}
