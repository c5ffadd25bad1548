#:project ../../Engine.Models
#:property PublishAot=false

// A GAN learns the distribution of a scalar, N(4, 1.25²): dotnet run docs/lessons/gan-1d.cs -- [--input moments|raw|squares] [--help]. See
// gan-1d.md.
using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.Losses;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;
using MathNet.Numerics.Distributions;

const double Mean = 4, Deviation = 1.25;
const int StepsPerRound = 20;

var input = ProgramOption.Choice(
    "--input", "What the discriminator sees of a batch: its four moments, the raw samples, or the samples with their squared distances "
    + "from the mean.",
    "moments", "raw", "squares");

ProgramInfo info = new("gan-1d", "A GAN learns a one-dimensional normal distribution from what a discriminator sees of whole batches.",
    Epochs: 5000, Batch: 500, Data: null)
{
    EpochsHelp = "Rounds of 20 discriminator steps and 20 generator steps.",
    BatchHelp = "Samples in a batch.",
};
return TrainingProgram.Run(args, info, run => Train(run, run.Option(input)!), input);

static void Train(TrainingRun run, string input)
{
    ModuleOptions options = new(run.Random, run.Device);
    int seen = input switch { "moments" => 4, "raw" => run.Batch, _ => 2 * run.Batch };

    // G: uniform noise [batch, 1] to samples [batch, 1];  D: what it sees of a batch [1, seen] to the probability that it is real
    using Sequential generator = new(new Linear(1, 5, options), new Tanh(), new Linear(5, 1, options));
    using Sequential discriminator = new(
        new Linear(seen, 10, options), new Sigmoid(), new Linear(10, 10, options), new Sigmoid(), new Linear(10, 1, options),
        new Sigmoid());
    using Sgd generatorOptimizer = new(generator.Parameters, learningRate: 1e-3, momentum: 0.9);
    using Sgd discriminatorOptimizer = new(discriminator.Parameters, learningRate: 1e-3, momentum: 0.9);

    Shape batch = [run.Batch, 1];
    Trainer trainer = run.Trainer(
        ("generator", generator), ("discriminator", discriminator),
        ("generator_optimizer", generatorOptimizer), ("discriminator_optimizer", discriminatorOptimizer));
    foreach (int round in trainer.Epochs(reportEvery: 100))
    {
        for (int step = 0; step < StepsPerRound; step++)
        {
            using Tape tape = new(run.Device);
            Tensor real = Tensor.Normal(batch, run.Random, Mean, Deviation);
            Tensor fake = generator.Forward(Tensor.Uniform(batch, run.Random)).Detach();
            Tensor loss = Loss.BinaryCrossEntropy(discriminator.Forward(View(real, input)), Tensor.Ones([1, 1]))
                + Loss.BinaryCrossEntropy(discriminator.Forward(View(fake, input)), Tensor.Zeros([1, 1]));
            discriminatorOptimizer.Step(tape.Gradients(loss, discriminator.Parameters));
            trainer.Report(run.Batch, ("d_error", loss));
        }

        for (int step = 0; step < StepsPerRound; step++)
        {
            using Tape tape = new(run.Device);
            Tensor fake = generator.Forward(Tensor.Uniform(batch, run.Random));
            Tensor loss = Loss.BinaryCrossEntropy(discriminator.Forward(View(fake, input)), Tensor.Ones([1, 1]));
            generatorOptimizer.Step(tape.Gradients(loss, generator.Parameters));
            trainer.Report(run.Batch, ("g_error", loss));
        }
    }

    if (!run.IsStopping) run.SaveWeights(ScalarGanFile.Describe(generator), ("generator", generator), ("discriminator", discriminator));
    using Tape last = new(run.Device, record: false);
    Tensor generated = generator.Forward(Tensor.Uniform([100_000, 1], run.Random));
    float[] samples = generated.ToArray();
    run.Print(string.Create(
        CultureInfo.InvariantCulture,
        $"Generated: mean {generated.Mean().Item():F3}, standard deviation {generated.Variance().Sqrt().Item():F3}. Wanted: {Mean:F3} "
        + $"and {Deviation:F3}."));

    (double low, double high) = (Mean - (5 * Deviation), Mean + (5 * Deviation));
    run.Output.Save("histogram.svg", new Chart { Title = $"gan-1d, {input}", XLabel = "x", YLabel = "density" }
        .Histogram("generated", samples, low, high)
        .Function("wanted", x => Normal.PDF(Mean, Deviation, x), low, high), "What was generated, beside the density that was wanted");
}

// What the discriminator sees of a batch.
static Tensor View(Tensor batch, string input)
{
    Tensor x = batch.Reshape(1, -1);
    if (input == "raw") return x;
    Tensor mean = x.Mean();
    Tensor distance = x - mean;
    if (input == "squares") return Tensor.Concat(1, x, distance.Square());

    // mean, standard deviation, skew E[((x - m) / s)³] and excess kurtosis E[((x - m) / s)⁴] - 3
    Tensor deviation = distance.Square().Mean().Sqrt();
    Tensor z = distance / deviation;
    Tensor skew = z.Pow(3).Mean();
    Tensor kurtosis = z.Square().Square().Mean() - 3;
    return Tensor.Concat(1, mean.Reshape(1, 1), deviation.Reshape(1, 1), skew.Reshape(1, 1), kurtosis.Reshape(1, 1));
}
