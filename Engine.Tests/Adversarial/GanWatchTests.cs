using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

// What it prints would stand between that of others.
[Collection("console")]
public sealed class GanWatchTests : IsolatedTests
{
    private static readonly float[] s_points = [.. Enumerable.Range(0, 16).Select(i => (float)Math.Sin(i))];

    public static TheoryData<string> Objectives =>
        ["non-saturating", "probabilities", "least squares", "hinge", "Wasserstein", "relativistic"];

    [Theory, MemberData(nameof(Objectives))]
    public void Accuracy_is_the_share_on_the_right_side_of_the_boundary(string name)
    {
        AdversarialObjective objective = name switch
        {
            "non-saturating" => new NonSaturatingObjective(),
            "probabilities" => new SaturatingObjective { FromProbabilities = true },
            "least squares" => new LeastSquaresObjective(),
            "hinge" => new HingeObjective(),
            "Wasserstein" => new WassersteinObjective(),
            _ => new RelativisticObjective(),
        };
        ModuleOptions options = ModuleOptions.FromSeed(3, Cpu);
        bool isProbability = name == "probabilities";
        Linear score = new(2, 1, options);
        Sequential judge = isProbability ? new Sequential(score, new Sigmoid()) : new Sequential(score);
        using Gan gan = new(
            new Sequential(new Linear(2, 2, options)), judge, 2, options, new GanOptions { Objective = objective });

        // A generator that makes (0.3, -0.2) of everything
        gan.Generator.Parameters[0].Set(new float[4]);
        gan.Generator.Parameters[1].Set([0.3f, -0.2f]);
        (float[] w, float b) = (score.Weight.ToArray(), score.Bias!.ToArray()[0]);
        double Score(double x, double y) => ((w[0] * x) + (w[1] * y) + b) is var s && isProbability ? 1 / (1 + Math.Exp(-s)) : s;
        double[] real = [.. Enumerable.Range(0, 8).Select(i => Score(s_points[2 * i], s_points[(2 * i) + 1]))];
        double fake = Score(0.3, -0.2);
        double boundary = name switch
        {
            "non-saturating" or "hinge" => 0, "probabilities" or "least squares" => 0.5, _ => 0.5 * (real.Average() + fake),
        };
        double expected = 0.5 * (real.Average(s => s > boundary ? 1.0 : 0) + (fake < boundary ? 1 : 0));
        GanLosses losses = gan.Step(s_points, [8, 2]);
        Assert.Equal(expected, losses.Accuracy!.Value, 1e-6);
        Assert.Equal(["d_accuracy", "g_gradient"], losses.Signs().Select(sign => sign.Name));
    }

    [Fact]
    public void The_gradients_norm_is_how_far_plain_descent_goes()
    {
        ModuleOptions options = ModuleOptions.FromSeed(4, Cpu);
        using Gan gan = new(
            new Sequential(new Linear(2, 8, options), new Relu(), new Linear(8, 2, options)), new Sequential(new Linear(2, 1, options)), 2,
            options, new GanOptions { GeneratorOptimizer = parameters => new Sgd(parameters, learningRate: 1), DiscriminatorSteps = 2 });
        GanLosses first = gan.Step(s_points, [8, 2]);
        Assert.Null(first.GradientNorm);
        Assert.Equal(["d_accuracy"], first.Signs().Select(sign => sign.Name));
        float[] before = [.. gan.Generator.Parameters.SelectMany(parameter => parameter.ToArray())];
        GanLosses second = gan.Step(s_points, [8, 2]);
        float[] after = [.. gan.Generator.Parameters.SelectMany(parameter => parameter.ToArray())];
        double distance = Math.Sqrt(before.Zip(after, (a, b) => (double)(a - b) * (a - b)).Sum());
        Assert.True(distance > 1e-3);
        Assert.Equal(distance, second.GradientNorm!.Value, 1e-5 * distance);
    }

    [Fact]
    public void A_game_that_is_lost_is_told_in_words_and_a_critic_that_is_ahead_is_not()
    {
        double[] won = [.. Enumerable.Range(0, 60).Select(i => i < 20 ? 0.8 : 0.999)], even = [.. Enumerable.Repeat(0.7, 60)],
            fading = [.. Enumerable.Range(0, 60).Select(i => i < 20 ? 1.5 : 0.001)], lasting = [.. Enumerable.Repeat(1.5, 60)];
        Assert.Equal("the discriminator tells 99.9 % of the samples right, and the norm of the generator's gradient has fallen from 1.5 to "
            + "0.001: the generator learns next to nothing.", GanWatch.Vanishing(won, fading));
        Assert.Null(GanWatch.Vanishing(won, lasting));
        Assert.Null(GanWatch.Vanishing(even, fading));
        Assert.Null(GanWatch.Vanishing(won[..30], fading[..30]));
        Assert.Null(GanWatch.Vanishing([], []));
    }

    [Fact]
    public void Warnings_are_printed_once_and_stand_in_the_report_after_resuming_too()
    {
        float[] data = [.. Enumerable.Range(0, 40).Select(i => (float)(i * i % 37))], alike = new float[40];
        string first = Trained(epochs: 2, resume: false, alike, data), second = Trained(epochs: 3, resume: true, data, data);
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(first, "Warning: epoch 1: 100 % of the samples repeat each other"));
        Assert.DoesNotContain("Warning", second);
        string report = File.ReadAllText(Folder["report.html"]);
        Assert.Contains("Warning: epoch 1: 100 % of the samples repeat each other", report);
        Assert.Contains("By steps", report);
        Assert.Contains("d_accuracy over steps", report);
        Assert.DoesNotContain("d_accuracy, ", report);
    }

    private string Trained(int epochs, bool resume, float[] samples, float[] data) => CapturedConsole.Of(() =>
    {
        ModuleOptions options = ModuleOptions.FromSeed(3, Cpu);
        using Gan gan = new(new Sequential(new Linear(2, 2, options)), new Sequential(new Linear(2, 1, options)), 2, options);
        Trainer trainer = new(gan, new TrainerOptions
        {
            Name = "test", Epochs = epochs, Output = new OutputFolder(Folder.Path), Resume = resume, Random = new RandomStream(1),
        });
        GanWatch watch = new(trainer);
        foreach (int _ in trainer.Epochs())
        {
            foreach (int step in trainer.Steps(3))
            {
                GanLosses losses = gan.Step(s_points, [8, 2]);
                trainer.Report(losses.Named());
                trainer.Observe(losses.Signs());
            }

            watch.Look(samples, data, 2);
        }

        trainer.WriteReport();
        return 0;
    }).Output;
}
