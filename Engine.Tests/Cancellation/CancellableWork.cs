using Engine.Models.Adversarial;
using Engine.Models.Autoregressive;
using Engine.Models.Autoregressive.Series;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Classification;
using Engine.Models.Diffusion;
using Engine.Models.Flow;
using Engine.Models.Metrics;
using Engine.Tests.Diffusion;
using Engine.Tests.Flow;
using Engine.Tests.Variational;

namespace Engine.Tests.Cancellation;

/// <summary>Something that samples or measures, and can be cancelled.</summary>
/// <param name="Run">Does it, each time with the same result.</param>
/// <param name="Model">What it is done with.</param>
/// <param name="Endless">As <paramref name="Run"/>, but of a size that nobody waits for; null where passes can be counted.</param>
internal sealed record CancellableWork(
    Func<CancellationToken, IEnumerable<double>> Run, IDisposable? Model = null, Action<CancellationToken>? Endless = null)
{
    private static readonly TokenSampling s_sampling = new();

    /// <summary>
    /// All that there is, small: each is made on a device and, where its network can be another one, with what is called at each pass.
    /// </summary>
    public static IReadOnlyDictionary<string, Func<Device, Action, CancellableWork>> All { get; } =
        new Dictionary<string, Func<Device, Action, CancellableWork>>
        {
            ["DDPM sampling"] = (device, pass) => new(
                stop => Doubles(new DdpmSampler(Diffusion(device, pass)).Sample([2, 3], new RandomStream(1), cancellation: stop))),
            ["DDIM sampling"] = (device, pass) => new(
                stop => Doubles(new DdimSampler(Diffusion(device, pass), 5).Sample([2, 3], new RandomStream(1), cancellation: stop))),
            ["inpainting"] = (device, pass) => new(stop => Doubles(
                new DdpmSampler(Diffusion(device, pass))
                    .Inpaint([1, 0, 1], [1, 0, 0], [1, 3], new RandomStream(1), rounds: 3, cancellation: stop))),
            ["the bound of a diffusion"] = (device, pass) => new(
                stop => Diffusion(device, pass).Bound([1, 0, 1, 0, 0, 1], [2, 3], new RandomStream(1), cancellation: stop).Terms),
            ["pictures of a diffusion"] = (device, pass) =>
            {
                DenoisingDiffusion model = Diffusion(device, pass);
                DiffusionPictures pictures = new(model, new ImageSize(2, 2, 1));
                return new(stop => Doubles(pictures.Reverse(new DdpmSampler(model), 2, new RandomStream(1), cancellation: stop))
                    .Concat(Doubles(pictures.Inpainted(new DdpmSampler(model), new float[8], new RandomStream(1), cancellation: stop))));
            },
            ["the likelihood of a flow"] = (device, pass) => Flow(device, pass, (model, stop) =>
            {
                byte[] levels = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
                double bits = model.BitsOf(levels, 2, new RandomStream(1), stop);
                return [.. model.LogLikelihood(levels, 2, new RandomStream(1), 2, stop), bits];
            }),
            ["sampling from a flow"] = (device, pass) => Flow(device, pass, (model, stop) =>
            {
                using Tape tape = new(device, record: false);
                return Doubles(model.Decode(Tensor.Normal([5, 16], new RandomStream(1)), 2, stop));
            }),
            ["a density of the plane"] = (device, pass) => Plane(device, pass, (plane, stop) => plane.LogDensity(new float[20_000], stop)),
            ["the integral of a density"] = (device, pass) => Plane(device, pass, (plane, stop) => [plane.Integral(2, 100, stop)]),
            ["points of the plane"] = (device, pass) =>
                Plane(device, pass, (plane, stop) => Doubles(plane.Sample(10_000, new RandomStream(1), stop))),
            ["a picture of the plane"] = (device, pass) =>
                Plane(device, pass, (plane, stop) => Doubles(plane.Draw(new float[6], new float[6], stop))),
            ["the likelihood of a PixelCNN"] = (device, pass) => Pixels(new CountedPixelCnn(pass, Options(device)), (model, stop) =>
                model.LogLikelihood(new float[5 * 12], [5, 3, 4, 1], atOnce: 2, cancellation: stop)),
            ["sampling from a PixelCNN"] = (device, pass) => Pixels(new CountedPixelCnn(pass, Options(device)), (model, stop) =>
                Doubles(model.Sample([2, 3, 4, 1], new RandomStream(1), cancellation: stop))),
            ["completions by a PixelCNN"] = (device, pass) => Pixels(new CountedPixelCnn(pass, Options(device)), (model, stop) =>
                Doubles(new PixelPictures(model, new ImageSize(4, 3, 1)).Completions(
                    new float[12], [], new RandomStream(1), cancellation: stop))),
            ["sampling from a PixelRNN"] = (device, _) =>
            {
                PixelRnn model = new(3, 4, 2, Options(device), 1, 2), large = new(300, 300, 2, Options(device), 1, 2);
                return new(stop => Doubles(model.Sample([2, 12], new RandomStream(1), cancellation: stop)), model,
                    stop => large.Sample([1, 90_000], new RandomStream(1), cancellation: stop));
            },
            ["the likelihood by MADE"] = (device, _) => Pixels(new Made(4, [5], Options(device), masks: 2), (model, stop) =>
                model.LogLikelihood(new float[20], [5, 4], atOnce: 2, cancellation: stop)),
            ["sampling pixel by pixel"] = (device, pass) => Pixels(new CountedModule(pass, new Linear(4, 4, Options(device))),
                (model, stop) => Doubles(PixelModels.Sample(
                    model, model.Forward, [2, 0, 1, 3], 3, new RandomStream(1), default, cancellation: stop))),
            ["writing by a recurrent network"] = (device, _) =>
            {
                CharacterRnn model = new(5, 2, Options(device), 1);
                return new(stop => Write(20, stop).Select(token => (double)token), model, stop => Write(1_000_000, stop));

                int[] Write(int count, CancellationToken stop) => model.Sample([1], count, s_sampling, new RandomStream(1), stop);
            },
            ["reading by a recurrent network"] = (device, _) =>
            {
                CharacterRnn model = new(5, 2, Options(device), 1);
                CharacterRnnTraining training = new(model, new TextStreams(new int[9], 2, 3), 1);
                return new(stop => [training.Validate(new int[2500], stop)], model, stop => training.Validate(new int[5_000_000], stop));
            },
            ["writing by a Transformer"] = (device, _) =>
            {
                TextGenerator generator = new(Gpt(device));
                return new(stop => Write(20, stop).Select(token => (double)token), null, stop => Write(1_000_000, stop));

                int[] Write(int count, CancellationToken stop) =>
                    generator.Continue([1], count, s_sampling, new RandomStream(1), cancellation: stop);
            },
            ["reading by a Transformer"] = (device, _) =>
            {
                Transformer model = Gpt(device);
                TransformerTraining training = new(model, new(1));
                return new(stop => [Read(50, stop)], model, stop => Read(5_000_000, stop));

                double Read(int count, CancellationToken stop) => training.Validate(new TextWindows(new int[count], 2, 4), stop);
            },
            ["a forecast"] = (device, _) =>
            {
                Forecaster model = new(2, Options(device));
                return new(stop => Predict(5, stop).SelectMany(forecast => forecast.Mean), model, stop => Predict(1_000_000, stop));

                Forecast[] Predict(int horizon, CancellationToken stop) =>
                    model.Predict([1, 2, 3], 1, horizon, new RandomStream(1), 2, stop);
            },
            ["the likelihood of a VAE"] = (device, pass) => Autoencoder(device, pass, Nothing, (vae, stop) => [
                .. vae.LogLikelihood(TinyVae.Images, [4, 3], 6, new RandomStream(1), 2, stop),
                .. vae.EvidenceLowerBound(TinyVae.Images, [4, 3], 2, new RandomStream(1), 2, stop)]),
            ["encoding"] = (device, pass) => Autoencoder(device, Nothing, pass, (vae, stop) =>
                Doubles(vae.Encode(TinyVae.Images, [4, 3], 2, stop))),
            ["decoding"] = (device, pass) => Autoencoder(device, pass, Nothing, (vae, stop) =>
                Doubles(vae.Decode(new float[10], 2, stop))),
            ["images of a VAE"] = (device, pass) => Autoencoder(device, pass, Nothing, (vae, stop) =>
                Doubles(vae.SampleImages(5, new RandomStream(1), 2, stop))),
            ["a map of latents"] = (device, pass) => Autoencoder(device, pass, Nothing, (vae, stop) =>
                Doubles(new VaePictures(vae, new ImageSize(1, 3, 1)).Map(40, stop))),
            ["pictures of a VAE"] = (device, pass) => Autoencoder(device, pass, Nothing, (vae, stop) =>
            {
                VaePictures pictures = new(vae, new ImageSize(1, 3, 1));
                return [.. Doubles(pictures.Reconstructions(TinyVae.Images, cancellation: stop)),
                    .. Doubles(pictures.Samples(2, new RandomStream(1), stop)),
                    .. Doubles(pictures.Interpolations(TinyVae.Images, cancellation: stop)),
                    .. Doubles(pictures.Traversals(TinyVae.Images, cancellation: stop)),
                    .. pictures.Scatter(TinyVae.Images, [0, 1, 0, 1], stop).ToSvg().Select(letter => (double)letter)];
            }),
            ["an anomaly score"] = (device, pass) => Autoencoder(device, pass, Nothing, (vae, stop) =>
                new AnomalyScore(vae, TinyVae.Copies(TinyVae.Images, 100), 3, new RandomStream(1), cancellation: stop)
                    .Of(TinyVae.Images, stop)),
            ["a linear probe"] = (device, _) =>
            {
                return new(stop => [Fit(3, stop)], null, stop => Fit(10_000_000, stop));

                double Fit(int epochs, CancellationToken stop)
                {
                    using LinearProbe probe = new(1, 2, Options(device));
                    probe.Fit([0, 1, 2, 3], [0, 0, 1, 1], epochs, 2, stop);
                    return probe.Accuracy([0, 1, 2, 3], [0, 0, 1, 1]);
                }
            },
            ["samples of a GAN"] = (device, pass) =>
            {
                CountedModule generator = new(pass, new Linear(2, 3, Options(device)));
                Gan gan = new(generator, new Linear(3, 1, Options(device)), 2, Options(device));
                Tensor noise = gan.Noise(600);
                return new(stop => Doubles(gan.Sample(noise, [], stop)), gan);
            },
            ["counts of classes"] = (device, pass) => Classifier(device, (classifier, stop) => classifier.Count(600, count =>
            {
                pass();
                return new float[count * 784];
            }, stop).Counts.Select(count => (double)count)),
            ["the accuracy of a classifier"] = (device, _) =>
                Classifier(device, (classifier, stop) => [classifier.Accuracy(Digits(20), stop)]),
            ["a judge of samples"] = (device, _) => Classifier(device, (classifier, stop) =>
            {
                ImageDataset digits = Digits(100);
                SampleJudge judge = new(classifier, digits, digits, 2, stop);
                return [judge.Data.FrechetDistance, judge.Of(new float[3 * 784], stop).FrechetDistance];
            }),
            ["distances"] = (_, _) => new(stop => [
                .. NearestNeighbor.Distances([0, 1, 3], [5, 7], 1, stop), .. NearestNeighbor.Distances([0, 1, 3], 1, stop)]),
        };

    private static void Nothing()
    {
    }

    private static ModuleOptions Options(Device device) => ModuleOptions.FromSeed(1, device);

    private static DenoisingDiffusion Diffusion(Device device, Action pass)
    {
        NoiseSchedule schedule = NoiseSchedule.Cosine(10);
        GaussianOptimum optimum = new(device, schedule, 0.3, 0.5, Prediction.Clean, learnsVariance: false);
        return new(new CountedDenoiser(pass, optimum), schedule, Prediction.Clean, ReverseVariance.Posterior);
    }

    private static CancellableWork Flow(Device device, Action pass, Func<ImageFlow, CancellationToken, IEnumerable<double>> work)
    {
        FlowTransform glow = SmallFlows.Make("Glow in two scales with a learned prior", DType.Float32, device);
        ImageFlow model = new(new NormalizingFlow(new CountedTransform(pass, glow), BaseDistribution.Gaussian, [4, 4, 1]));
        return new(stop => work(model, stop), model);
    }

    private static CancellableWork Plane(Device device, Action pass, Func<PlaneDensity, CancellationToken, IEnumerable<double>> work)
    {
        CouplingChain couplings = new([new Linear(1, 2, Options(device))], new AffineBijector(2));
        NormalizingFlow flow = new(new CountedTransform(pass, couplings), BaseDistribution.Gaussian, [2]);
        return new(stop => work(new PlaneDensity(flow) { Panel = 100 }, stop), flow);
    }

    private static CancellableWork Pixels<T>(T model, Func<T, CancellationToken, IEnumerable<double>> work) where T : Module =>
        new(stop => work(model, stop), model);

    private static Transformer Gpt(Device device) =>
        new(new TransformerOptions(5) { Block = 4, Layers = 1, Heads = 1, Width = 2 }, Options(device));

    private static CancellableWork Autoencoder(
        Device device, Action decoded, Action encoded, Func<Vae, CancellationToken, IEnumerable<double>> work)
    {
        GaussianEncoder encoder = new(new CountedModule(encoded, new Linear(TinyVae.Pixels, 4, Options(device))), 4, 2, Options(device));
        Vae vae = new(encoder, new CountedModule(decoded, new Linear(2, TinyVae.Pixels, Options(device))));
        return new(stop => work(vae, stop), vae);
    }

    private static CancellableWork Classifier(Device device, Func<DigitClassifier, CancellationToken, IEnumerable<double>> work)
    {
        DigitClassifier classifier = new(Options(device));
        return new(stop => work(classifier, stop), classifier);
    }

    private static ImageDataset Digits(int count) => Datasets.Load("digits", new DataOptions { Count = count });

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static double[] Doubles(Picture picture) => Array.ConvertAll(picture.Pixels.ToArray(), value => (double)value);
}
