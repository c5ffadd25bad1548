#:project ../../Engine.Models
#:property PublishAot=false

// A flow learns the exact likelihood of images: dotnet run docs/lessons/flow.cs -- [--model realnvp|nice|glow] [--data
// digits|shapes|mnist|PATH] [--help]. See flow.md.
using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Flow;
using Engine.Models.Imaging;
using Engine.Models.Training;

FlowCommandLine options = new();
ProgramInfo info = new("flow", "A normalizing flow learns images with their exact likelihood.", Epochs: 20, FlowCommandLine.BatchOf(args)) {
    FreeOptions = FlowCommandLine.OfMeasuring, TakesWeights = true, Monitor = "validation_bits_per_dimension" };
return TrainingProgram.Run(args, info, Train, options.All);

void Train(TrainingRun run)
{
    ImageDataset data = run.LoadSquares(multipleOf: 4), test = run.LoadSquares(multipleOf: 4, "test");
    ImageSize size = data.Size;
    test = test.Spread(Math.Min(options.TestImages(run), test.Count));

    // With --patience and --keep-best epochs are compared by images that are neither trained nor tested on.
    (data, ImageDataset? held) = run.HoldOut(data);
    ImageDataset watched = held ?? test;
    BatchLoader batches = run.Batches(data, PixelScale.Unit);

    ImageFlowSizes sizes = options.Sizes(run);
    using ImageFlow model = sizes.Make(size, new ModuleOptions(run.Random, run.Device));

    // Some scales begin where a first batch of images says.
    using (Tape first = new(run.Device, record: false)) model.Initialize(
        Levels(data.Pixels[..(Math.Min(256, data.Count) * size.Length)]), run.Random.Split("initialize"));

    run.LoadWeights(model);
    using Adam adam = new(model.Parameters);
    using ExponentialMovingAverage average = new(model, 0.999, warmUp: true);
    LearningRateSchedule rate =
        LearningRateSchedules.Cosine(options.LearningRate(run), run.AllSteps(batches), to: options.LearningRate(run) / 100);

    Trainer trainer = run.Trainer(("model", model), ("adam", adam), ("average", average));
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            using Tape tape = new(run.Device);
            Tensor levels = Tensor.From(batch.Images, size.Of(batch.Count)) * 255;
            Tensor bits = model.Loss(levels, run.Random);
            Tensor[] gradients = tape.Gradients(bits, model.Parameters);
            GradientClipping.ByNorm(gradients, 1);
            adam.LearningRate = rate(trainer.Step);
            adam.Step(gradients);
            average.Update();
            trainer.Report(("bits_per_dimension", bits));
        }

        using IDisposable ofEpoch = average.Use();
        trainer.Record(held is null ? "test_bits_per_dimension" : info.Monitor!,
            model.BitsOf(watched.Spread(Math.Min(1000, watched.Count)).Pixels, 1, run.Random.Split(epoch), run.Stopping));
        run.Output.Save($"samples-{epoch:000}.png", Samples(0.7, 64), "64 samples at temperature 0.7");
    }

    if (run.IsStopping) return;
    using IDisposable averaged = average.Use();
    run.SaveWeights(model, FlowFile.Describe(sizes, size));
    int samples = options.TestSamples(run);
    double bitsOfTest = model.BitsOf(test.Pixels, samples, run.Random.Split("test"), run.Stopping);
    trainer.Record("test bits per dimension", bitsOfTest);
    run.Print(string.Create(
        CultureInfo.InvariantCulture,
        $"test bits per dimension: {bitsOfTest:0.0000} ({test.Count} test images, "
        + $"{samples} {(samples == 1 ? "draw" : "draws")} of the noise)"));

    // The same latents, wider and narrower: a row for each temperature.
    foreach (double temperature in (double[])[0.5, 0.7, 0.85, 1]) run.Output.Save(
        FormattableString.Invariant($"temperature-{temperature:0.00}.png"), Samples(temperature, 64),
        "Samples of narrower and wider latents");
    run.Output.Save("interpolation.png", Between(test.Spread(Math.Min(16, test.Count)).Pixels),
        "From one test image to another, in a straight line through the latents");

    Picture Samples(double temperature, int count)
    {
        using Tape tape = new(run.Device, record: false);
        NormalizingFlow flow = model.Flow;
        Tensor latents = flow.Latents.Sample(new Shape([count, .. flow.LatentShape.ToArray()]), run.Random.Split("samples"), temperature);
        return new ImageGrid { Black = 0 }.Draw(model.Decode(latents, cancellation: run.Stopping), size);
    }

    // From the latent of one image to that of another in a straight line, eight steps in each row.
    Picture Between(ReadOnlySpan<byte> images)
    {
        const int Steps = 8;
        using Tape tape = new(run.Device, record: false);
        Tensor z = model.Forward(Levels(images));
        int rows = z.Shape[0] / 2;
        Tensor[] frames = [.. Enumerable.Range(0, Steps)
            .Select(i => (z.Slice(0, 0, rows) * (1 - (i / (Steps - 1.0)))) + (z.Slice(0, rows, rows) * (i / (Steps - 1.0))))];
        Tensor line = Tensor.Concat(1, [.. frames.Select(frame => frame.Reshape(rows, 1, size.Length))]).Reshape(rows * Steps, size.Length);
        return new ImageGrid { Black = 0, Columns = Steps }.Draw(model.Decode(line, cancellation: run.Stopping), size);
    }

    Tensor Levels(ReadOnlySpan<byte> images) =>
        Tensor.From([.. images.ToArray().Select(level => (float)level)], size.Of(size.CountOf(images.Length)));
}
