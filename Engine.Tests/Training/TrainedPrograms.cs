using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Adversarial;
using Engine.Models.Autoregressive;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Imaging;
using Engine.Models.Training;
using Engine.Tests.Adversarial;
using Engine.Tests.Autoregressive;
using Engine.Tests.Diffusion;
using Engine.Tests.Flow;
using Engine.Tests.Operations;
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

    public static IReadOnlyDictionary<string, Func<TrainingRun, Model>> All { get; } = new Dictionary<string, Func<TrainingRun, Model>>
    {
        ["gan"] = run => Of(Gan(run), (gan, batch) => gan.Step(batch.Images, [batch.Count, Pixels]).Generator, gan => gan.Sample(4)),
        ["dcgan"] = run => Of(Dcgan(run, "conv"), (gan, batch) => gan.Step(batch.Images, [batch.Count, Side, Side, 1]).Generator,
            gan => gan.Sample(4)),
        ["dcgan-dense"] = run =>
            Of(Dcgan(run, "dense"), (gan, batch) => gan.Step(batch.Images, [batch.Count, Side, Side, 1]).Generator, gan => gan.Sample(4)),
        ["vae"] = run => Of(new TrainedVae(run), (vae, batch) => vae.Step(batch), vae => vae.Sample()),
        ["pixelcnn"] = run => Of(new TrainedPixelCnn(run), (model, batch) => model.Step(batch), model => model.Sample()),
        ["char-rnn"] = run => Of(new TrainedCharacterRnn(run), (model, _) => model.Step(), model => model.Sample()),
        ["made"] = run => Of(Made(run), (model, batch) => model.Step(batch), model => model.Sample()),
        ["pixelrnn"] = run => Of(PixelRnn(run), (model, batch) => model.Step(batch), model => model.Sample()),
        ["transformer"] = run => Of(new TrainedTransformer(run), (model, _) => model.Step(), model => model.Sample()),
        ["diffusion"] = run => Of(new TrainedDiffusion(run), (diffusion, batch) => diffusion.Step(batch), diffusion => diffusion.Sample()),
        ["flow"] = run => Of(new TrainedFlow(run), (flow, batch) => flow.Step(batch), flow => flow.Sample()),
        ["flow-2d"] = run => Of(new TrainedPlane(run), (flow, _) => flow.Step(), flow => flow.Sample()),
        ["regression"] = run => Of(new Regression(run), (model, batch) => model.Step(batch), model => model.Sample()),
        ["slow"] = run => Of(new Regression(run), (model, batch) => model.Step(batch), _ =>
        {
            Console.WriteLine("evaluating");
            Thread.Sleep(TimeSpan.FromMinutes(5));
            return new float[Pixels];
        }),
    };

    /// <summary>Those that end by themselves.</summary>
    public static IEnumerable<string> Quick => All.Keys.Where(name => name != "slow");

    /// <summary>Those whose steps read nothing back: all but the one that keeps a loss among its numbers.</summary>
    public static IEnumerable<string> Models => Quick.Where(name => name != "regression");

    /// <summary>A model for a run.</summary>
    public static Model Make(string name, TrainingRun run) => All[name](run);

    /// <summary>Runs a program.</summary>
    /// <param name="name">Which.</param>
    /// <param name="args">Its command line.</param>
    /// <param name="stepped">Called inside each step, when its work is done.</param>
    /// <param name="interrupt">Stops it as Ctrl+C does.</param>
    public static int Run(string name, string[] args, Action? stepped = null, CancellationToken interrupt = default)
    {
        ProgramInfo info = new(name, "A test.", Epochs, Batch: 16) { Digits = 100 };
        return TrainingProgram.Run(args, info, run => Train(run, stepped ?? (() => { }), Make(name, run)), interrupt);
    }

    private static Model Of<TModel>(TModel model, Func<TModel, Batch, Reading> step, Func<TModel, float[]> sample)
        where TModel : IStateful, IDisposable =>
        new(model, batch => step(model, batch), () => sample(model));

    private static void Train(TrainingRun run, Action stepped, Model model)
    {
        using var _ = (IDisposable)model.Trained;
        BatchLoader batches = run.Batches(run.LoadImages(Side, Side, channels: 1));
        Trainer trainer = run.Trainer(model.Trained);
        foreach (int epoch in trainer.Epochs())
        {
            foreach (Batch batch in trainer.Steps(batches))
            {
                trainer.Report(("loss", model.Step(batch)));
                stepped();
            }

            trainer.Record("twice", 2.0 * epoch);
            run.Output.Save($"epoch-{epoch}.png", new ImageGrid().Draw(model.Sample().AsSpan(0, Pixels), Side, Side));
        }
    }

    private static Gan Gan(TrainingRun run)
    {
        ModuleOptions options = new(run.Random, run.Device);
        Sequential generator = new(new Linear(10, 32, options), new LeakyRelu(0.2), new Linear(32, Pixels, options), new Tanh());
        Sequential discriminator = new(
            new Linear(Pixels, 32, options), new LeakyRelu(0.2), new Dropout(0.3, options), new Linear(32, 1, options), new Sigmoid());
        return new Gan(generator, discriminator, latent: 10, options);
    }

    private static Gan Dcgan(TrainingRun run, string discriminator) =>
        DcganTests.Small(new ModuleOptions(run.Random, run.Device), discriminator);

    private static TrainedPixelModel<Made> Made(TrainingRun run) =>
        new(new Made(28, [12], new ModuleOptions(run.Random, run.Device), masks: 3, anyOrder: true, dropout: 0.2), pixels: 28,
            (made, step) => made.Use(step));

    private static TrainedPixelModel<PixelRnn> PixelRnn(TrainingRun run) =>
        new(new PixelRnn(3, 5, 3, new ModuleOptions(run.Random, run.Device), head: 4), pixels: 15, (_, _) => { });

    /// <summary>What is trained, which is disposed afterwards.</summary>
    /// <param name="Trained">The model with its optimisers.</param>
    /// <param name="Step">One step.</param>
    /// <param name="Sample">A picture's pixels.</param>
    internal sealed record Model(IStateful Trained, Func<Batch, Reading> Step, Func<float[]> Sample);

    /// <summary>
    /// Labels from pixels, with all that has a state: dropout on a stream of its own, running statistics, momentum, an average of weights.
    /// </summary>
    private sealed class Regression : IStateful, IDisposable
    {
        private readonly Sequential _net;
        private readonly Sgd _optimizer;
        private readonly ExponentialMovingAverage _average;
        private readonly LearningRateSchedule _schedule = LearningRateSchedules.Linear(1e-2, 1e-3, 20);
        private double _smooth;

        public Regression(TrainingRun run)
        {
            ModuleOptions options = new(run.Random, run.Device);
            _net = new Sequential(
                new Dropout(0.2, options with { Random = run.Random.Split("dropout") }), new Linear(Pixels, 8, options),
                new BatchNorm(8, options), new Tanh(), new Linear(8, 1, options));
            _optimizer = new Sgd(_net.Parameters, 1e-2, momentum: 0.9);
            _average = new ExponentialMovingAverage(_net);
        }

        public Reading Step(Batch batch)
        {
            using Tape tape = new(_net.Parameters[0].Device);
            Tensor labels = Tensor.From([.. batch.Labels.ToArray().Select(label => label / 10f)], [batch.Count, 1]);
            Tensor loss = Loss.MeanSquaredError(_net.Forward(Tensor.From(batch.Images, [batch.Count, Pixels])), labels);
            _optimizer.LearningRate = _schedule(_optimizer.Steps);
            _optimizer.Step(tape.Gradients(loss, _net.Parameters));
            _average.Update();
            return _smooth = (0.9 * _smooth) + (0.1 * loss.Item());
        }

        public float[] Sample() => _net.Parameters[0].ToArray();

        public void VisitState(StateVisitor visitor)
        {
            visitor.Part("net", _net);
            visitor.Part("optimizer", _optimizer);
            visitor.Part("average", _average);
            _smooth = visitor.Number("smooth", _smooth);
        }

        public void Dispose()
        {
            _average.Dispose();
            _optimizer.Dispose();
            _net.Dispose();
        }
    }
}
