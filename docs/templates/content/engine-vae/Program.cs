// Trains a variational autoencoder and draws reconstructions and samples: dotnet run -- --help lists the options.
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;
using Engine.Models.Variational;

var latent = ProgramOption.Integer("--latent", "Dimensions of the latent space.", 20, 1, 1000);
var rate = ProgramOption.Decimal("--learning-rate", "Adam's learning rate.", 1e-3, 1e-9, 1);
ProgramInfo info = new("vae", "A variational autoencoder learns to compress images and to draw new ones.", Epochs: 20, Batch: 64);
return TrainingProgram.Run(args, info, Train, latent, rate);

void Train(TrainingRun run)
{
    ImageDataset data = run.LoadImages(), test = run.LoadImages("test");   // --data digits, mnist, cifar-10, or a folder of pictures
    (int pixels, int dimensions) = (data.Size.Length, run.Option(latent));
    ModuleOptions options = new(run.Random, run.Device);

    // x [batch, pixels] to the mean and log-variance of q(z|x); z [batch, dimensions] to the logits of the pixels.
    GaussianEncoder encoder = new(
        new Sequential(new Linear(pixels, 256, options), new Relu(), new Linear(256, 256, options), new Relu()), 256, dimensions, options);
    Sequential decoder = new(
        new Linear(dimensions, 256, options), new Relu(), new Linear(256, 256, options), new Relu(), new Linear(256, pixels, options));
    using Vae vae = new(encoder, decoder);
    using Adam adam = new(vae.Parameters, learningRate: run.Option(rate));
    VaePictures pictures = new(vae, data.Size);
    float[] shown = BinaryImages.ToFloats(test.Take(Math.Min(50, test.Count)), Binarization.None, run.Seed);   // pixels in [0, 1]

    BatchLoader batches = run.Batches(data, PixelScale.Unit);
    Trainer trainer = run.Trainer([("vae", vae), ("adam", adam)]);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
        {
            // -ELBO = E_q[-log p(x|z)] + KL(q(z|x) || p(z))
            using Tape tape = new(run.Device);
            VaeLosses losses = vae.Losses(Tensor.From(batch.Images, [batch.Count, pixels]), new VaeObjective(), run.Random);
            adam.Step(tape.Gradients(losses.Loss, vae.Parameters));
            trainer.Report(("loss", losses.Loss), ("reconstruction", losses.Reconstruction), ("divergence", losses.Divergence));
        }

        Picture reconstructions = pictures.Reconstructions(shown), samples = pictures.Samples(64, run.Random.Split("samples"));
        run.Output.Save($"reconstructions-{epoch:000}.png", reconstructions, "Test images, and below each row its reconstructions");
        run.Output.Save($"samples-{epoch:000}.png", samples, "Samples of the same 64 latents");
    }

    // ModelFile.Open(path) makes a model of this file again that draws more.
    if (!run.IsStopping) run.SaveWeights(vae, VaeFile.Describe(vae, data.Size));
}
