using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

/// <summary>Objectives beside their formulas in float64. The discriminator hands samples on, so that they are the scores.</summary>
public sealed class ObjectiveTests
{
    private static readonly double[] s_real = [-3, 0.2, 0.5, 4], s_generated = [2, -1.5, 0.1, -6];

    private static readonly Dictionary<string, (AdversarialObjective Objective, Formula Formula)> s_objectives = new()
    {
        ["non-saturating"] = (new NonSaturatingObjective(), new(
            (x, g) => Mean(x, a => Softplus(-a)) + Mean(g, Softplus), (x, g) => Mean(g, b => Softplus(-b)))),
        ["saturating"] = (new SaturatingObjective(), new(
            (x, g) => Mean(x, a => Softplus(-a)) + Mean(g, Softplus), (x, g) => -Mean(g, Softplus))),
        ["least squares"] = (new LeastSquaresObjective(), new(
            (x, g) => Mean(x, a => (a - 1) * (a - 1)) + Mean(g, b => b * b), (x, g) => Mean(g, b => (b - 1) * (b - 1)))),
        ["Wasserstein"] = (new WassersteinObjective(), new((x, g) => Mean(g, b => b) - Mean(x, a => a), (x, g) => -Mean(g, b => b))),
        ["hinge"] = (new HingeObjective(), new(
            (x, g) => Mean(x, a => Math.Max(0, 1 - a)) + Mean(g, b => Math.Max(0, 1 + b)), (x, g) => -Mean(g, b => b))),
        ["relativistic"] = (new RelativisticObjective(), new(
            (x, g) => x.Zip(g, (a, b) => Softplus(b - a)).Average(), (x, g) => x.Zip(g, (a, b) => Softplus(a - b)).Average())),
        ["feature matching"] = (new FeatureMatching(new HingeObjective()), new(
            (x, g) => Mean(x, a => Math.Max(0, 1 - a)) + Mean(g, b => Math.Max(0, 1 + b)),
            (x, g) => Math.Pow(x.Average() - g.Average(), 2))),
    };

    public static TheoryData<string> Names => [.. s_objectives.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Values_and_gradients_are_those_of_the_formula(string name)
    {
        using CpuDevice cpu = new(1);
        Check(name, cpu, DType.Float64, 1e-8);
        Check(name, cpu, DType.Float32, 2e-6);
    }

    [Fact]
    public void From_probabilities_the_saturating_loss_is_the_same()
    {
        using CpuDevice cpu = new(1);
        using Tape tape = new(cpu);
        Tensor x = Tensor.From(s_real, [4, 1]), g = Tensor.From(s_generated, [4, 1]);
        SaturatingObjective logits = new(), probabilities = new() { FromProbabilities = true };
        Assert.Equal(logits.DiscriminatorLoss(x, g).Item(), probabilities.DiscriminatorLoss(x.Sigmoid(), g.Sigmoid()).Item(), 1e-9);
        Assert.Equal(logits.GeneratorLoss(g).Item(), probabilities.GeneratorLoss(g.Sigmoid()).Item(), 1e-9);
    }

    [Fact]
    public void The_class_of_samples_is_part_of_an_auxiliary_classifiers_loss()
    {
        using CpuDevice cpu = new(1);
        ModuleOptions options = ModuleOptions.FromSeed(3, cpu) with { DType = DType.Float64 };
        using ClassifyingDiscriminator network = new(new Linear(2, 4, options), 4, 3, options);
        using Tape tape = new(cpu);
        Tensor x = Tensor.Normal([5, 2], new(1), dtype: DType.Float64), g = Tensor.Normal([5, 2], new(2), dtype: DType.Float64);
        int[] classes = [0, 2, 1, 1, 0];
        Tensor labels = Tensor.From(classes, [5]);
        HingeObjective hinge = new();
        AuxiliaryClassifierObjective objective = new(hinge, discriminatorWeight: 2, generatorWeight: 0.5);
        Discriminator d = new(network, new(1));

        double OfClasses(Tensor samples)
        {
            double[] logits = network.Judge(samples, null).ClassLogits!.ToDoubles();
            return classes.Select((label, i) =>
                Math.Log(Enumerable.Range(0, 3).Sum(k => Math.Exp(logits[(3 * i) + k]))) - logits[(3 * i) + label]).Average();
        }

        double ofDiscriminator = hinge.DiscriminatorLoss(d, x, g, labels).Item(), ofGenerator = hinge.GeneratorLoss(d, x, g, labels).Item();
        Assert.Equal(ofDiscriminator + (2 * (OfClasses(x) + OfClasses(g))), objective.DiscriminatorLoss(d, x, g, labels).Item(), 1e-12);
        Assert.Equal(ofGenerator + (0.5 * OfClasses(g)), objective.GeneratorLoss(d, x, g, labels).Item(), 1e-12);
        Assert.Equal(ofDiscriminator + OfClasses(x),
            new AuxiliaryClassifierObjective(hinge, generatedShare: 0).DiscriminatorLoss(d, x, g, labels).Item(), 1e-12);
        Refusal.Refused("expected labels of samples [5, 2], found none", () => objective.GeneratorLoss(d, x, g, null));
        Discriminator plain = new(network: new Flatten(), new(1));
        Refusal.Refused<InvalidOperationException>("ClassifyingDiscriminator, found Flatten",
            () => objective.GeneratorLoss(plain, x, g, labels));
        Refusal.Refused<InvalidOperationException>("found Flatten", () => plain.Features(x));
        Refusal.Refused("RelativisticObjective: expected as many scores",
            () => new RelativisticObjective().DiscriminatorLoss(plain, x, g.Slice(0, 0, 3), null));
    }

    internal static void Check(string name, Device device, DType dtype, double tolerance)
    {
        (AdversarialObjective objective, Formula formula) = s_objectives[name];
        using Sequential network = new(new Flatten(), new Identity(device, dtype));
        using Tape tape = new(device);
        Tensor real = tape.Watch(Tensor.From(s_real, [4, 1]).Cast(dtype)), fake = tape.Watch(Tensor.From(s_generated, [4, 1]).Cast(dtype));
        Discriminator d = new(network, new RandomStream(1));

        Tensor loss = objective.DiscriminatorLoss(d, real, fake, null);
        Tensor[] gradients = tape.Gradients(loss, [real, fake]);
        Assert.Equal(formula.Discriminator(s_real, s_generated), loss.Item(), tolerance);
        Closeness.Near(Slopes(x => formula.Discriminator(x, s_generated), s_real), gradients[0], tolerance);
        Closeness.Near(Slopes(g => formula.Discriminator(s_real, g), s_generated), gradients[1], tolerance);

        Tensor ofGenerator = objective.GeneratorLoss(d, real, fake, null);
        Assert.Equal(formula.Generator(s_real, s_generated), ofGenerator.Item(), tolerance);
        Closeness.Near(Slopes(g => formula.Generator(s_real, g), s_generated), tape.Gradient(ofGenerator, fake), tolerance);
    }

    private static double[] Slopes(Func<double[], double> f, double[] at)
    {
        return [.. at.Select((_, i) => (f(Moved(i, 1e-5)) - f(Moved(i, -1e-5))) / 2e-5)];

        double[] Moved(int place, double step) => [.. at.Select((x, i) => i == place ? x + step : x)];
    }

    private static double Mean(double[] scores, Func<double, double> term) => scores.Average(term);

    private static double Softplus(double x) => Math.Max(0, x) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private sealed record Formula(Func<double[], double[], double> Discriminator, Func<double[], double[], double> Generator);

    /// <summary>A layer with a parameter, so that what is before it are features: it multiplies with 1.</summary>
    private sealed class Identity : Module
    {
        private readonly Parameter _one;

        public Identity(Device device, DType dtype) =>
            _one = NewParameter("one", [], Initializers.Ones, ModuleOptions.FromSeed(1, device) with { DType = dtype });

        public override Tensor Forward(Tensor x) => x * _one;
    }
}
