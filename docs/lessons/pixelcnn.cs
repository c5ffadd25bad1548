#:project ../../Engine.Models
#:property PublishAot=false

// A PixelCNN draws images pixel by pixel and knows how likely each is: dotnet run docs/lessons/pixelcnn.cs -- [--data
// digits|shapes|mnist|binarized-mnist|PATH] [--help]. See pixelcnn.md.
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;
using Engine.Models.Variational;

PixelCnnCommandLine options = new();
PixelCnnRecipe recipe = PixelCnnCommandLine.RecipeOf(args);
ProgramInfo info = new("pixelcnn", "A PixelCNN learns to draw images pixel by pixel, and how likely each image is.", recipe.Epochs,
    recipe.Batch)
{
    FreeOptions = PixelCommandLine.OfMeasuring,
    TakesWeights = true,
};
return TrainingProgram.Run(args, info, run => Train(run, options.Read(run)), options.All);

static void Train(TrainingRun run, PixelCnnChoices choices)
{
    choices = choices.For(run.LoadImages().Size);
    PixelImages images = PixelImages.Load(run, choices.Images, holdOut: false);
    if (choices.IsConditional && !images.Train.IsLabelled)
        throw new DataException($"--classes needs images with labels, {images.Train.Name} has none.");
    ImageSize size = images.Size;
    BatchLoader batches = run.Batches(images.Train, images.Scale);

    // p(x) = product over all pixels of p(pixel | those before it): the model gives all factors at once.
    using PixelCnnModel model = choices.Model(images.Train.Classes, size, new ModuleOptions(run.Random, run.Device));
    run.LoadWeights(model);
    using Adam adam = new(model.Parameters);
    using ExponentialMovingAverage average = new(model, choices.Recipe.AverageDecay, warmUp: true);
    LearningRateSchedule rate = choices.Recipe.Rate(run.AllSteps(batches));
    PixelPictures pictures = new(model, size);
    Trainer trainer = run.Trainer(("model", model), ("adam", adam), ("average", average));
    foreach (int epoch in trainer.Epochs())
    {
        model.Train();
        foreach (Batch batch in trainer.Steps(batches))
        {
            using Tape tape = new(run.Device);
            Tensor x = Tensor.From(batch.Images, size.Of(batch.Count));
            Tensor nats = -model.LogLikelihood(x, choices.IsConditional ? Tensor.From(batch.Labels, [batch.Count]) : null).Mean();
            adam.LearningRate = rate(trainer.Step);
            adam.Step(tape.Gradients(nats, model.Parameters));
            average.Update();
            trainer.Report(("nats", nats));
        }

        if (epoch % 5 != 0 && epoch != 1) continue;
        using IDisposable averaged = average.Use();
        trainer.Record("test_nats", Nats(images.Validation, choices.IsConditional ? images.ValidationLabels : []));
        run.Output.Save($"samples-{epoch:000}.png",
            pictures.Samples(Math.Min(50, choices.Images.Samples), run.Random.Split("pictures"), run.Stopping));
    }

    // What training never saw, with the average of the weights.
    if (run.IsStopping) return;
    using IDisposable last = average.Use();
    int[] labels = choices.IsConditional ? images.TestLabels : [];
    run.SaveWeights(model, PixelCnnFile.Describe(choices.Sizes(images.Train.Classes, size), choices.IsGated, size));
    double ofTest = Nats(images.Test, labels), bits = PixelCnnModel.BitsPerPixel(ofTest, size.Length);
    trainer.Record("test nats", ofTest);
    trainer.Record("test bits per pixel", bits);
    run.Print(FormattableString.Invariant(
        $"-log p(x) of {size.CountOf(images.Test.Length)} test images: {ofTest:0.00} nats, {bits:0.0000} bits per pixel"));
    run.Output.Save("samples.png", pictures.Samples(choices.Images.Samples, run.Random.Split("samples"), run.Stopping));
    run.Output.Save("completions.png",
        pictures.Completions(images.Test, labels, run.Random.Split("completions"), cancellation: run.Stopping),
        "Test images, their upper halves, six completions of each");

    double Nats(float[] pixels, int[] classes) =>
        -model.LogLikelihood(pixels, images.ShapeOf(pixels), classes, cancellation: run.Stopping).Average();
}
