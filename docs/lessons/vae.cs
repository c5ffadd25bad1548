#:project ../../Engine.Models
#:property PublishAot=false

// A VAE learns to compress digits and to draw new ones: dotnet run docs/lessons/vae.cs -- [--data digits|shapes|mnist|PATH] [--help]. See
// vae.md.
using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;
using Engine.Models.Variational;

VaeCommandLine options = new();
(int epochs, int batch) = VaeCommandLine.Lengths(args);
ProgramInfo info = new("vae", "A variational autoencoder learns to compress images and to draw new ones.", epochs, batch)
{
    FreeOptions = VaeCommandLine.OfMeasuring,
    TakesWeights = true,
    Monitor = "validation_bound",
};
return TrainingProgram.Run(args, info, run => Train(run, options.Read(run)), options.All);

static void Train(TrainingRun run, VaeChoices choices)
{
    // Two convolutions of stride 2 halve the sides twice.
    ImageDataset data = choices.Network == VaeNetwork.Convolutional ? run.LoadSquares(multipleOf: 4) : run.LoadImages();
    ImageDataset test = run.LoadImages("test");
    choices = choices.For(data);
    test = test.Spread(Math.Min(choices.TestImages, test.Count));
    if (choices.Probe && !data.IsLabelled) throw new DataException($"--probe needs images with labels, {data.Name} has none.");
    if (choices.Anomaly is { } digit)
    {
        data = HeldOutClass.Split(data, digit).Others;
        HeldOutClass.Split(test, digit);   // test images without it are found out before training
    }

    (data, ImageDataset? held) = run.HoldOut(data);
    float[] heldImages = held is null ? [] : BinaryImages.ToFloats(held, choices.Binarization, run.Seed);
    (data, PixelScale scale) = BinaryImages.Prepare(data, choices.Binarization, run.Seed);
    float[] testImages = BinaryImages.ToFloats(test, choices.Binarization, run.Seed);
    BatchLoader batches = run.Batches(data, scale);

    using LatentVariableModel vae = Network(run, choices, data);
    run.LoadWeights(vae, "vae");

    using Adam adam = new(vae.Parameters, epsilon: choices.Network == VaeNetwork.Iwae ? IwaeRecipe.Epsilon : 1e-8);
    using ExponentialMovingAverage? average =
        choices.Network == VaeNetwork.Hierarchical ? new ExponentialMovingAverage(vae, VampRecipe.AverageDecay, warmUp: true) : null;
    LearningRateSchedule rate = choices.Network switch
    {
        _ when choices.LearningRate > 0 =>
            LearningRateSchedules.Cosine(choices.LearningRate, run.AllSteps(1), to: choices.LearningRate / 50),
        VaeNetwork.Iwae => IwaeRecipe.LearningRate(choices.Pace),
        VaeNetwork.Convolutional or VaeNetwork.Hierarchical => LearningRateSchedules.Cosine(1e-3, run.AllSteps(1), to: 2e-5),
        _ => LearningRateSchedules.Constant(2e-4),
    };

    VaePictures pictures = new(vae, data.Size);
    choices = choices.ForImages(data.Count);
    Trainer trainer = run.Trainer([("vae", vae), ("adam", adam), .. average is null ? [] : ((string, IStateful)[])[("average", average)]]);
    foreach (int epoch in trainer.Epochs())
    {
        adam.LearningRate = rate(epoch - 1);
        foreach (Batch batch in trainer.Steps(batches))
        {
            using Tape tape = new(run.Device);
            Tensor x = Tensor.From(batch.Images, [batch.Count, data.ImageLength]);
            VaeLosses losses = vae.Losses(x, choices.ObjectiveAt(trainer.Step / (double)batches.BatchesPerEpoch), run.Random);
            adam.Step(tape.Gradients(losses.Loss, vae.Parameters));
            average?.Update();
            trainer.Report(("loss", losses.Loss), ("reconstruction", losses.Reconstruction), ("divergence", losses.Divergence));
            if (losses.Parts is { } parts) trainer.Report(
                0, ("mutual_information", parts.MutualInformation), ("total_correlation", parts.TotalCorrelation),
                ("dimension_wise", parts.DimensionWise));
        }

        // -ELBO of images that are neither trained nor tested on: with --patience and --keep-best
        if (held is not null) using (average?.Use()) trainer.Record("validation_bound", -vae.EvidenceLowerBound(
            heldImages, [held.Count, held.ImageLength], 1, run.Random.Split("validation"), cancellation: run.Stopping).Average());

        if (epoch % 10 > 0) continue;
        using IDisposable? averaged = average?.Use();
        run.Output.Save($"reconstructions-{epoch:000}.png",
            pictures.Reconstructions(Spread(50, testImages, data.ImageLength), cancellation: run.Stopping),
            "Test images, and below each row its reconstructions");
        run.Output.Save($"samples-{epoch:000}.png", pictures.Samples(64, run.Random.Split("samples"), run.Stopping),
            "Samples of the same 64 latents");
    }

    if (run.IsStopping) return;
    using IDisposable? last = average?.Use();
    run.SaveWeights(vae, VaeFile.Describe(vae, data.Size, choices.Hidden));
    Measure(run, trainer, vae, choices, data, test, testImages);
    Show(run, pictures, vae, choices, test, testImages);
}

static LatentVariableModel Network(TrainingRun run, VaeChoices choices, ImageDataset data)
{
    ModuleOptions options = new(run.Random, run.Device);
    return choices.Network switch
    {
        VaeNetwork.Iwae => IwaeRecipe.Network(BinaryImages.MeanLogits(data), options, choices.Latent, Prior()),
        VaeNetwork.Hierarchical => VampRecipe.Network(BinaryImages.MeanLogits(data), options, Prior(), choices.Latent, choices.Hidden),
        VaeNetwork.Convolutional => Convolutional(data.Size, choices.Latent, options, Prior()),
        _ => FullyConnected(data.ImageLength, choices.Latent, options, Prior()),
    };

    // p(z) = 1/K sum over k of q(z|u_k), u_k beginning as images of the data
    Func<GaussianEncoder, LatentPrior>? Prior()
    {
        if (choices.PseudoInputs == 0) return null;
        if (choices.PseudoInputs > data.Count) throw new DataException(
            $"--pseudo-inputs must be at most {data.Count}, the number of images in {data.Name}; was {choices.PseudoInputs}.");
        float[] images = BinaryImages.ToFloats(data.Spread(choices.PseudoInputs), choices.Binarization, run.Seed);
        return encoder => new VampPrior(encoder, images, [data.ImageLength], options);
    }
}

// x [batch, pixels] to mean and log-variance of q(z|x), z to the logits of the pixels: pixels-128-128-latent and back.
static Vae FullyConnected(int pixels, int latent, ModuleOptions options, Func<GaussianEncoder, LatentPrior>? prior)
{
    GaussianEncoder encoder = new(
        new Sequential(new Linear(pixels, 128, options), new Relu(), new Linear(128, 128, options), new Relu()), 128, latent, options);
    Sequential decoder = new(
        new Linear(latent, 128, options), new Relu(), new Linear(128, 128, options), new Relu(), new Linear(128, pixels, options));
    return new Vae(encoder, decoder, prior?.Invoke(encoder));
}

// The same with images of 28 x 28 -> 14 x 14 -> 7 x 7 and more channels at each step, and back.
static Vae Convolutional(ImageSize size, int latent, ModuleOptions options, Func<GaussianEncoder, LatentPrior>? prior)
{
    (int rows, int columns, int features) = (size.Height / 4, size.Width / 4, size.Height / 4 * (size.Width / 4) * 64);
    GaussianEncoder encoder = new(
        new Sequential(
            new Unflatten(size.Height, size.Width, size.Channels),
            new Conv2d(size.Channels, 32, 4, options, stride: 2, padding: 1), new Relu(),
            new Conv2d(32, 64, 4, options, stride: 2, padding: 1), new Relu(),
            new Flatten(), new Linear(features, 256, options), new Relu()),
        256, latent, options);
    Sequential decoder = new(
        new Linear(latent, 256, options), new Relu(),
        new Linear(256, features, options), new Relu(), new Unflatten(rows, columns, 64),
        new ConvTranspose2d(64, 32, 4, options, stride: 2, padding: 1), new Relu(),
        new ConvTranspose2d(32, size.Channels, 4, options, stride: 2, padding: 1));
    return new Vae(encoder, decoder, prior?.Invoke(encoder));
}

// What can be measured on test images, which training never saw.
static void Measure(
    TrainingRun run, Trainer trainer, LatentVariableModel vae, VaeChoices choices, ImageDataset data, ImageDataset test, float[] images)
{
    var random = run.Random.Split("test");
    if (choices.HasLikelihood)
    {
        Record("-ELBO, one sample",
            -vae.EvidenceLowerBound(images, [test.Count, test.ImageLength], 1, random, cancellation: run.Stopping).Average());
        if (choices.TestSamples > 0) Record(
            $"-log p(x), {choices.TestSamples} importance samples",
            -vae.LogLikelihood(images, [test.Count, test.ImageLength], choices.TestSamples, random, cancellation: run.Stopping).Average());
    }

    float[] latents = vae.Encode(images, [test.Count, test.ImageLength], cancellation: run.Stopping);
    Record("active latent dimensions", new LatentActivity(latents, vae.Latent).Active);
    if (vae is Vae { Prior: null } plain)
    {
        // Each q(z|x) beside the mean of all of them.
        int some = Math.Min(2000, test.Count);
        var (information, correlation, dimensionWise) =
            DivergenceParts.Measure(plain, images.AsSpan(0, some * test.ImageLength), some, random, run.Stopping);
        Record($"index-code mutual information (of {some} images)", information);
        Record($"total correlation (of {some} images)", correlation);
        Record($"dimension-wise divergence (of {some} images)", dimensionWise);
    }

    if (choices.Anomaly is { } held)
    {
        float[] known = BinaryImages.ToFloats(data.Take(Math.Min(5000, data.Count)), choices.Binarization, run.Seed);
        AnomalyScore anomaly = new(vae, known, test.ImageLength, random, cancellation: run.Stopping);
        double[] scores = anomaly.Of(images, run.Stopping);
        Record($"AUROC of the {held} that was held out, by -ELBO", Area(scores));
        Record($"AUROC of the {held} that was held out, by -ELBO beyond the usual for its ink", Area(anomaly.BeyondUsual(images, scores)));

        double Area(double[] all) =>
            Auroc.Of([.. all.Where((_, i) => test.Label(i) != held)], [.. all.Where((_, i) => test.Label(i) == held)]);
    }

    if (choices.Probe)
    {
        using LinearProbe probe = new(vae.Latent, data.Classes, new ModuleOptions(random, run.Device));
        float[] known = BinaryImages.ToFloats(data, choices.Binarization, run.Seed);
        probe.Fit(vae.Encode(known, [data.Count, data.ImageLength], cancellation: run.Stopping), data.Labels, cancellation: run.Stopping);
        Record("accuracy of a linear probe", probe.Accuracy(latents, test.Labels));
    }

    void Record(string name, double value)
    {
        trainer.Record(name, value);
        run.Print(FormattableString.Invariant($"{name}: {value:0.####} ({test.Count} test images, binarisation: {choices.Binarization})"));
    }
}

static void Show(
    TrainingRun run, VaePictures pictures, LatentVariableModel vae, VaeChoices choices, ImageDataset test, float[] images)
{
    CancellationToken stopping = run.Stopping;
    run.Output.Save("reconstructions.png", pictures.Reconstructions(Spread(50, images, test.ImageLength), cancellation: stopping),
        "Test images, and below each row its reconstructions");
    run.Output.Save("samples.png", pictures.Samples(64, run.Random.Split("samples"), stopping));
    VampPrior? prior = (vae as Vae)?.Prior as VampPrior ?? (vae as HierarchicalVae)?.Prior as VampPrior;
    if (prior is not null) run.Output.Save("pseudo-inputs.png", pictures.PseudoInputs(prior), "What the pseudo-inputs have become");
    run.Output.Save("interpolation.png", pictures.Interpolations(Spread(16, images, test.ImageLength), cancellation: stopping),
        "From one test image to another, in a straight line through the latents");
    run.Output.Save("traversal.png", pictures.Traversals(Spread(1000, images, test.ImageLength), cancellation: stopping),
        "One dimension of the latent in each row, from -3 to 3");
    if (vae.Latent != 2) return;
    run.Output.Save("map.png", pictures.Map(cancellation: stopping), "The plane of the latents, cut into parts of one probability");
    run.Output.Save("scatter.svg", pictures.Scatter(images, test.Labels, stopping), "Where test images lie in the latent space");
}

// Images from all over, because a test set may be sorted by class.
static float[] Spread(int count, float[] images, int length)
{
    int all = images.Length / length, some = Math.Min(count, all);
    return [.. Enumerable.Range(0, some).SelectMany(i => images.Skip(i * all / some * length).Take(length))];
}
