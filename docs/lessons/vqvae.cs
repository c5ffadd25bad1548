#:project ../../Engine.Models
#:property PublishAot=false

// A VQ-VAE writes images in a grid of codes, and a PixelCNN learns which codes follow which: dotnet run docs/lessons/vqvae.cs -- [--data
// digits|shapes|mnist|PATH] [--help]. See vqvae.md.
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;
using Engine.Models.Variational;
using Engine.Models.Variational.Quantized;

const int Validated = 1000;

VqVaeCommandLine options = new();
ProgramInfo info = new(
    "vqvae", "A VQ-VAE learns to write images in a grid of codes, and then a PixelCNN learns the prior of the codes.", Epochs: 12,
    Batch: 64)
{
    FreeOptions = VqVaeCommandLine.OfMeasuring,
    TakesWeights = true,
    EpochsHelp = "Passes over the data, of both stages together.",
};
return TrainingProgram.Run(args, info, run => Train(run, options.Read(run)), options.All);

static void Train(TrainingRun run, VqVaeChoices choices)
{
    ImageDataset data = run.LoadSquares(VqVaeNetworks.Stride), test = run.LoadSquares(VqVaeNetworks.Stride, "test");
    choices = choices.For(data);
    ImageSize size = data.Size;
    int grid = size.Height / VqVaeNetworks.Stride;
    test = test.Spread(Math.Min(choices.TestImages, test.Count));
    (data, PixelScale scale) = BinaryImages.Prepare(data, choices.Binarization, run.Seed);
    float[] testImages = BinaryImages.ToFloats(test, choices.Binarization, run.Seed);
    float[] some = BinaryImages.ToFloats(test.Spread(Math.Min(Validated, test.Count)), choices.Binarization, run.Seed);
    float[] shown = BinaryImages.ToFloats(test.Spread(Math.Min(50, test.Count)), choices.Binarization, run.Seed);
    BatchLoader batches = run.Batches(data, scale);

    ModuleOptions options = new(run.Random, run.Device);
    using VqVae vae = choices.NewModel(options, size.Channels);
    using CodePrior prior = choices.NewPrior((grid, grid), options);
    run.LoadWeights(("vae", vae), ("prior", prior));
    using Adam adam = new(vae.Parameters), ofPrior = new(prior.Parameters);
    using ExponentialMovingAverage average = new(prior, 0.999, warmUp: true);
    LearningRateSchedule rate = choices.Rate(batches.BatchesPerEpoch),
        priorRate = choices.PriorRate(run.Epochs, batches.BatchesPerEpoch);

    VqVaePictures pictures = new(vae, size);
    Trainer trainer = run.Trainer(
        ("vae", vae), ("adam", adam), ("prior", prior), ("prior_adam", ofPrior), ("prior_average", average));
    foreach (int epoch in trainer.Epochs(secondStage: choices.AutoencoderEpochs + 1))
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            using Tape tape = new(run.Device);
            Tensor x = Tensor.From(batch.Images, size.Of(batch.Count));
            if (trainer.Epoch <= choices.AutoencoderEpochs)
            {
                // -log p(x|e) + beta ||z - sg(e)||^2, and for a codebook that learns by it ||sg(z) - e||^2
                VqVaeLosses losses = vae.Losses(x);
                adam.LearningRate = rate(adam.Steps);
                adam.Step(tape.Gradients(losses.Loss, vae.Parameters));
                trainer.Report(("loss", losses.Loss), ("reconstruction", losses.Reconstruction), ("commitment", losses.Commitment));
                trainer.Observe(("perplexity", vae.Quantizer.Perplexity(losses.Codes)));
            }
            else
            {
                // The model stays as it is: -log p(codes) of the codes that it has for the images.
                Tensor nats = -prior.LogLikelihood(vae.Encode(x)).Mean();
                ofPrior.LearningRate = priorRate(ofPrior.Steps);
                ofPrior.Step(tape.Gradients(nats, prior.Parameters));
                average.Update();
                trainer.Report(("codes", nats));
            }
        }

        // On images that training never saw.
        using IDisposable averaged = average.Use();
        QuantizedBound bound = QuantizedBound.Of(vae, prior, some, size.Of(size.CountOf(some.Length)), cancellation: run.Stopping);
        if (epoch <= choices.AutoencoderEpochs)
        {
            trainer.Record("test_reconstruction", bound.Reconstruction);
            run.Output.Save($"reconstructions-{epoch:000}.png", pictures.Reconstructions(shown, cancellation: run.Stopping),
                "Test images and their reconstructions");
        }
        else
        {
            trainer.Record("test_bits_per_code", prior.BitsPerCode(bound.Codes));
            run.Output.Save($"samples-{epoch:000}.png",
                pictures.Samples(prior, Math.Min(50, choices.Samples), run.Random.Split("pictures"), run.Stopping),
                "Codes of the learned prior, decoded");
        }
    }

    if (run.IsStopping) return;
    using IDisposable last = average.Use();
    run.SaveWeights(VqVaeFile.Describe(choices, size), ("vae", vae), ("prior", prior));
    Measure(run, trainer, prior, QuantizedBound.Of(
        vae, prior, testImages, size.Of(size.CountOf(testImages.Length)), cancellation: run.Stopping), test);
    run.Output.Save("reconstructions.png", pictures.Reconstructions(shown, cancellation: run.Stopping),
        "Test images and their reconstructions");
    run.Output.Save("codes.png",
        pictures.CodesOf(shown[..(Math.Min(20, size.CountOf(shown.Length)) * size.Length)], cancellation: run.Stopping),
        "Test images, their codes, what the decoder makes of them");
    run.Output.Save("samples.png", pictures.Samples(prior, choices.Samples, run.Random.Split("samples"), run.Stopping),
        "Codes of the learned prior, decoded");
    run.Output.Save("samples-uniform.png", pictures.UniformSamples(choices.Samples, run.Random.Split("uniform"), run.Stopping),
        "Codes that are all as likely, decoded");
    if (run.Epochs is > 0 and var epochs && epochs <= choices.AutoencoderEpochs) run.Print(
        $"The prior is not trained yet: its epochs are those after the first {choices.AutoencoderEpochs} (--autoencoder-epochs), and there "
        + $"were {epochs}. --resume with more --epochs trains it.");
}

// The two parts of the bound of -log p(x), and what the prior takes from the second one.
static void Measure(TrainingRun run, Trainer trainer, CodePrior prior, QuantizedBound bound, ImageDataset test)
{
    run.Print($"{test.Count} test images, -log p(x) <= -log p(x|codes) - log p(codes):");
    Record("-log p(x|codes)", bound.Reconstruction);
    Record("-log p(codes), uniform prior", bound.Uniform);
    Record("-log p(codes), learned prior", bound.Codes);
    Record("bound of -log p(x), uniform prior", bound.WithUniformPrior);
    Record("bound of -log p(x), learned prior", bound.Total);
    Record("the same in bits per dimension", PixelCnnModel.BitsPerPixel(bound.Total, test.ImageLength), "bits");
    Record("bits per code, uniform prior", prior.BitsPerCode(bound.Uniform), "bits");
    Record("bits per code, learned prior", prior.BitsPerCode(bound.Codes), "bits");
    Record("perplexity of the codes", bound.Perplexity, $"of {prior.Codes}");

    void Record(string name, double value, string unit = "nats")
    {
        trainer.Record(name, value);
        run.Print(FormattableString.Invariant($"  {name}: {value:0.####} {unit}"));
    }
}
