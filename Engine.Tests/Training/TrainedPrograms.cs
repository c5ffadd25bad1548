using System.CommandLine;
using Engine.Models.Adversarial;
using Engine.Models.Adversarial.Autoencoders;
using Engine.Models.Adversarial.Conditional;
using Engine.Models.Adversarial.Residual;
using Engine.Models.Adversarial.SemiSupervised;
using Engine.Models.Autoregressive;
using Engine.Tests.Adversarial;
using Engine.Tests.Autoregressive;
using Engine.Tests.Diffusion;
using Engine.Tests.Flow;
using Engine.Tests.Variational;

namespace Engine.Tests.Training;

/// <summary>
/// Small training programs, to be stopped, killed and resumed; the test's own process runs them too. A model is added with a line in
/// <see cref="All"/>, and every test of resuming takes it in.
/// </summary>
internal static class TrainedPrograms
{
    /// <summary>The epochs of a run that is told nothing, and the steps of each.</summary>
    public const int Epochs = 4, StepsPerEpoch = 6;

    private const int Side = 28, Pixels = Side * Side;

    private static readonly Option<int> s_pictures =
        ProgramOption.Integer("--pictures", "Pictures that are drawn when training is done.", 0, 0);

    private static readonly Option<bool> s_weights = new("--weights") { Description = "Whether weights are written in the end." };

    public static IReadOnlyDictionary<string, Func<TrainingRun, TrainedModel>> All { get; } =
        new Dictionary<string, Func<TrainingRun, TrainedModel>>
        {
            ["gan"] = run => new TrainedGan(Gan(run), Pixels),
            ["gan-options"] = run => new TrainedGan(GanOfAllOptions(run), Pixels),
            ["cgan"] = run => new TrainedConditionalGan(run),
            ["cgan-residual"] = run => new TrainedResidualGan(run),
            ["semi"] = run => new TrainedSemiSupervised(run),
            ["aae"] = run => new TrainedAdversarialAutoencoder(run),
            ["dcgan"] = run => new TrainedGan(Dcgan(run, "conv"), Side, Side, 1),
            ["dcgan-dense"] = run => new TrainedGan(Dcgan(run, "dense"), Side, Side, 1),
            ["vae"] = run => new TrainedVae(run),
            ["vqvae"] = run => new TrainedVqVae(run),
            ["pixelcnn"] = run => new TrainedPixelCnn(run),
            ["char-rnn"] = run => new TrainedCharacterRnn(run),
            ["made"] = Made,
            ["pixelrnn"] = PixelRnn,
            ["transformer"] = run => new TrainedTransformer(run),
            ["diffusion"] = run => new TrainedDiffusion(run),
            ["flow"] = run => new TrainedFlow(run),
            ["flow-2d"] = run => new TrainedPlane(run),
            ["regression"] = run => new Regression(run),
            ["slow"] = run => new SlowRegression(run),
        };

    /// <summary>Those that end by themselves.</summary>
    public static IEnumerable<string> Quick => All.Keys.Where(name => name != "slow");

    /// <summary>Those whose steps read nothing back: all but the one that keeps a loss among its numbers.</summary>
    public static IEnumerable<string> Models => Quick.Where(name => name != "regression");

    /// <summary>Runs a program.</summary>
    /// <param name="name">Which.</param>
    /// <param name="args">Its command line.</param>
    /// <param name="stepped">Called inside each step, when its work is done.</param>
    /// <param name="interrupt">Stops it as Ctrl+C does.</param>
    /// <param name="drawn">Called inside each epoch, when its picture is drawn and not yet saved.</param>
    public static int Run(
        string name, string[] args, Action? stepped = null, CancellationToken interrupt = default, Action? drawn = null) =>
        TrainingProgram.Run(
            args, Info(name), run => Train(run, stepped ?? (() => { }), All[name](run), drawn), interrupt, s_pictures, s_weights);

    /// <summary>Runs a program and looks at the run before it trains and after each step.</summary>
    public static int Run(string name, string[] args, Action<TrainingRun> begun, Action<TrainingRun> stepped) => TrainingProgram.Run(
        args, Info(name), run =>
        {
            begun(run);
            Train(run, () => stepped(run), All[name](run));
        }, s_pictures, s_weights);

    /// <summary>The training of a program.</summary>
    public static Action<TrainingRun> Training(string name) => run => Train(run, () => { }, All[name](run));

    private static ProgramInfo Info(string name) =>
        new(name, "A test.", Epochs, Batch: 16)
        {
            Digits = 100, FreeOptions = [s_pictures.Name, s_weights.Name], Monitor = "twice",
        };

    private static void Train(TrainingRun run, Action stepped, TrainedModel model, Action? drawn = null)
    {
        using TrainedModel _ = model;
        BatchLoader batches = run.Batches(run.LoadImages(Side, Side, channels: 1));
        Trainer trainer = run.Trainer(model);
        foreach (int epoch in trainer.Epochs())
        {
            foreach (Batch batch in trainer.Steps(batches))
            {
                trainer.Report(("loss", model.Step(batch)));
                stepped();
            }

            trainer.Record("twice", 2.0 * epoch);
            Draw($"epoch-{epoch}.png");
        }

        for (int i = 1; i <= run.Option(s_pictures) && !run.IsStopping; i++)
        {
            Draw($"picture-{i}.png");
            trainer.Record($"picture {i}", i);
        }

        if (run.Option(s_weights) && !run.IsStopping) run.SaveWeights(model.Networks);

        void Draw(string file)
        {
            float[] picture = model.Sample(run.Stopping);
            drawn?.Invoke();
            run.Stopping.ThrowIfCancellationRequested();
            run.Output.Save(file, new ImageGrid().Draw(picture.AsSpan(0, Pixels), Side, Side));
        }
    }

    private static Gan Gan(TrainingRun run)
    {
        ModuleOptions options = new(run.Random, run.Device);
        Sequential generator = new(new Linear(10, 32, options), new LeakyRelu(0.2), new Linear(32, Pixels, options), new Tanh());
        Sequential discriminator = new(
            new Linear(Pixels, 32, options), new LeakyRelu(0.2), new Dropout(0.3, options), new Linear(32, 1, options), new Sigmoid());
        GanOptions training = new() { Objective = new NonSaturatingObjective { FromProbabilities = true } };
        return new Gan(generator, discriminator, latent: 10, options, training);
    }

    /// <summary>With everything that has a state besides the networks and their optimizers.</summary>
    private static Gan GanOfAllOptions(TrainingRun run)
    {
        ModuleOptions options = new(run.Random, run.Device);
        Sequential generator = new(new Linear(4, 8, options), new BatchNorm(8, options), new Relu(), new Linear(8, Pixels, options));
        Sequential discriminator = new(
            new SpectralNorm(new Linear(2 * Pixels, 8, options), run.Random), new LeakyRelu(0.2), new MinibatchStandardDeviation(),
            new Linear(9, 1, options));
        GanOptions training = new()
        {
            Objective = new RelativisticObjective(), Regularizers = [new GradientPenalty(), new R1Regularizer()], DiscriminatorSteps = 2,
            Packing = 2, AverageDecay = 0.9, DiscriminatorLearningRate = 4e-4,
            GeneratorOptimizer = parameters => new RmsProp(parameters, 1e-4),
        };
        return new Gan(generator, discriminator, latent: 4, options, training);
    }

    private static Gan Dcgan(TrainingRun run, string discriminator) =>
        DcganTests.Small(new ModuleOptions(run.Random, run.Device), discriminator);

    private static TrainedPixelModel<Made> Made(TrainingRun run) =>
        new(new Made(28, [12], new ModuleOptions(run.Random, run.Device), masks: 3, anyOrder: true, dropout: 0.2), pixels: 28,
            (made, step) => made.Use(step));

    private static TrainedPixelModel<PixelRnn> PixelRnn(TrainingRun run) =>
        new(new PixelRnn(3, 5, 3, new ModuleOptions(run.Random, run.Device), head: 4), pixels: 15, (_, _) => { });

    private sealed class TrainedGan : TrainedModel
    {
        private readonly Gan _gan;
        private readonly int[] _shape;

        public TrainedGan(Gan gan, params int[] shape) => (_gan, _shape) = (Part("gan", gan), shape);

        public override Reading Step(Batch batch)
        {
            GanLosses losses = _gan.Step(batch.Images, [batch.Count, .. _shape]);
            return losses.GeneratorStep ?? losses.Discriminator;
        }

        public override float[] Sample(CancellationToken stop) => _gan.Sample(4, stop);
    }

    private sealed class TrainedConditionalGan : TrainedModel
    {
        private static readonly int[] s_drawn = [7, 2];
        private readonly Gan _gan;

        public TrainedConditionalGan(TrainingRun run)
        {
            ModuleOptions options = new(run.Random, run.Device);
            ConditionalSequential generator = new(
                new Linear(4, 8, options), new ConditionalBatchNorm(8, 10, options), new Relu(), new Linear(8, Pixels, options));
            ProjectionDiscriminator discriminator = new(
                new Sequential(new Linear(Pixels, 8, options), new LeakyRelu(0.2)), 8, 10, options,
                layer => new SpectralNorm(layer, run.Random));
            _gan = Part("gan", new Gan(generator, discriminator, latent: 4, options, new GanOptions { Objective = new HingeObjective() }));
        }

        public override Reading Step(Batch batch) => _gan.Step(batch.Images, [batch.Count, Pixels], batch.Labels).Generator;

        public override float[] Sample(CancellationToken stop)
        {
            using Tensor noise = _gan.Noise(s_drawn.Length);
            return _gan.Sample(noise, s_drawn, stop);
        }
    }

    /// <summary>With what draws from the stream besides training: truncated noise and standing statistics.</summary>
    private sealed class TrainedResidualGan : TrainedModel
    {
        private static readonly int[] s_drawn = [7, 2];
        private readonly Gan _gan;

        public TrainedResidualGan(TrainingRun run)
        {
            ModuleOptions options = new(run.Random, run.Device);
            ResidualGanSize size = new() { Side = Side, Width = 1, Chunk = 1, Embedding = 2 };
            GanOptions training = new() {
                Objective = new HingeObjective(), AverageDecay = 0.9, GeneratorRegularizers = [new OrthogonalRegularizer()] };
            _gan = Part("gan", new Gan(
                new ResidualGenerator(options, size, Spectral), ResidualDiscriminator.Of(options, size, around: Spectral), size.Latent,
                options, training));

            Module Spectral(Module layer) => new SpectralNorm(layer, run.Random);
        }

        public override Reading Step(Batch batch) => _gan.Step(batch.Images, [batch.Count, Side, Side, 1], batch.Labels).Generator;

        public override float[] Sample(CancellationToken stop)
        {
            _gan.GatherStatistics(2, s_drawn.Length, s_drawn, truncation: 0.5, stop);
            using Tensor noise = _gan.Noise(s_drawn.Length, truncation: 0.5);
            return _gan.Sample(noise, s_drawn, stop);
        }
    }

    /// <summary>The labels of the batch are taken for those that are known.</summary>
    private sealed class TrainedSemiSupervised : TrainedModel
    {
        private readonly SemiSupervisedGan _gan;

        public TrainedSemiSupervised(TrainingRun run) => _gan = Part("gan", SemiSupervisedTests.Small(2, run.Device, run.Random));

        public override Reading Step(Batch batch) => _gan.Step(batch.Images, batch.Images, batch.Labels).Generator;

        public override float[] Sample(CancellationToken stop) => _gan.Sample(2);
    }

    /// <summary>With a categorical part of the code, and the labels of the batch as those that are known.</summary>
    private sealed class TrainedAdversarialAutoencoder : TrainedModel
    {
        private readonly AdversarialAutoencoder _model;

        public TrainedAdversarialAutoencoder(TrainingRun run) =>
            _model = Part("model", AdversarialAutoencoderTests.Small(LatentClasses.Inferred, run.Device, run.Random, hidden: 4));

        public override Reading Step(Batch batch) => _model.Step(batch.Images, [], batch.Images, batch.Labels).Reconstruction;

        public override float[] Sample(CancellationToken stop) => _model.Decode([0.5f, -1, 0], [3]);
    }

    /// <summary>
    /// Labels from pixels, with all that has a state: dropout on a stream of its own, running statistics, momentum, an average of weights.
    /// </summary>
    private class Regression : TrainedModel
    {
        private readonly Sequential _net;
        private readonly Sgd _optimizer;
        private readonly ExponentialMovingAverage _average;
        private readonly LearningRateSchedule _schedule = LearningRateSchedules.Linear(1e-2, 1e-3, 20);
        private double _smooth;

        public Regression(TrainingRun run)
        {
            ModuleOptions options = new(run.Random, run.Device);
            _net = Part("net", new Sequential(
                new Dropout(0.2, options with { Random = run.Random.Split("dropout") }), new Linear(Pixels, 8, options),
                new BatchNorm(8, options), new Tanh(), new Linear(8, 1, options)));
            _optimizer = Part("optimizer", new Sgd(_net.Parameters, 1e-2, momentum: 0.9));
            _average = Part("average", new ExponentialMovingAverage(_net));
        }

        public override Reading Step(Batch batch)
        {
            using Tape tape = new(_net.Parameters[0].Device);
            Tensor labels = Tensor.From([.. batch.Labels.ToArray().Select(label => label / 10f)], [batch.Count, 1]);
            Tensor loss = Loss.MeanSquaredError(_net.Forward(Tensor.From(batch.Images, [batch.Count, Pixels])), labels);
            _optimizer.LearningRate = _schedule(_optimizer.Steps);
            _optimizer.Step(tape.Gradients(loss, _net.Parameters));
            _average.Update();
            return _smooth = (0.9 * _smooth) + (0.1 * loss.Item());
        }

        public override float[] Sample(CancellationToken stop) => _net.Parameters[0].ToArray();

        public override void VisitState(StateVisitor visitor)
        {
            base.VisitState(visitor);
            _smooth = visitor.Number("smooth", _smooth);
        }
    }

    private sealed class SlowRegression(TrainingRun run) : Regression(run)
    {
        public override float[] Sample(CancellationToken stop)
        {
            Console.WriteLine("evaluating");
            Thread.Sleep(TimeSpan.FromMinutes(5));
            return base.Sample(stop);
        }
    }
}
