using Engine.Autograd.Nn;
using Engine.Autograd.Optim;

namespace Engine.Models.Adversarial;

/// <summary>
/// A published way to keep the game of a GAN honest, by name: its objective, its penalties and rates, and what is put into the
/// discriminator. Networks are the program's own, so that recipes can be compared on the same ones.
/// </summary>
/// <example>
/// <code>
/// GanRecipe recipe = GanRecipe.Of("wgan-gp");
/// Module judge = Dcgan.Critic(options, around: recipe.Around(options));
/// using Gan gan = new(Dcgan.Generator(options), judge, latent: 100, options, recipe.Training);
/// </code>
/// </example>
public sealed record GanRecipe
{
    // Where the paper has rates of its own they are its, for images; 2e-4 for both elsewhere.
    private static readonly GanOptions s_plain = new(), s_critic = new() { LearningRate = 1e-4, Beta1 = 0, Beta2 = 0.9 };

    /// <summary>The names of all, from the plain GAN on.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "gan", "saturating", "lsgan", "wgan-clip", "wgan-gp", "wgan-lp", "hinge", "spectral", "r1", "r3gan", "pacgan2", "pacgan4",
        "minibatch",
    ];

    /// <summary>Its name, one of <see cref="Names"/>.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, in a few words.</summary>
    public required string Description { get; init; }

    /// <summary>Objective, penalties, packing, optimizers and their rates.</summary>
    public GanOptions Training { get; init; } = s_plain;

    /// <summary>Whether the layers of the discriminator are spectrally normalised: see <see cref="Around"/>.</summary>
    public bool IsSpectral { get; init; }

    /// <summary>
    /// Whether the discriminator sees how much the samples of a batch differ: it then gets a <see cref="MinibatchStandardDeviation"/>.
    /// </summary>
    public bool SeesBatch { get; init; }

    /// <summary>A recipe by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="penalty">The weight of its penalty, or the bound of its clipping; null for that of the paper, which is for images.
    /// Recipes without either do not use it.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The penalty is negative, or a bound of 0.</exception>
    public static GanRecipe Of(string name, double? penalty = null) => name switch
    {
        // Goodfellow et al. 2014, arXiv:1406.2661
        "gan" => new() { Name = name, Description = "the plain GAN: cross-entropy, non-saturating" },
        "saturating" => new()
        {
            Name = name, Description = "the minimax game itself", Training = s_plain with { Objective = new SaturatingObjective() },
        },

        // Mao et al. 2016, arXiv:1611.04076
        "lsgan" => new()
        {
            Name = name, Description = "least squares", Training = s_plain with { Objective = new LeastSquaresObjective() },
        },

        // Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1
        "wgan-clip" => new()
        {
            Name = name, Description = "Wasserstein, weights clipped",
            Training = new GanOptions
            {
                Objective = new WassersteinObjective(), Constraints = [new WeightClipping(penalty ?? 0.01)], DiscriminatorSteps = 5,
                GeneratorOptimizer = parameters => new RmsProp(parameters, 5e-5),
                DiscriminatorOptimizer = parameters => new RmsProp(parameters, 5e-5),
            },
        },

        // Gulrajani et al. 2017, arXiv:1704.00028; Petzka et al. 2017, arXiv:1709.08894
        "wgan-gp" => new() { Name = name, Description = "Wasserstein, gradient penalty", Training = Lipschitz(penalty, oneSided: false) },
        "wgan-lp" => new()
        {
            Name = name, Description = "Wasserstein, one-sided gradient penalty", Training = Lipschitz(penalty, oneSided: true),
        },

        // Lim and Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, with the rates of Heusel et al. 2017
        "hinge" => new()
        {
            Name = name, Description = "hinge loss", Training = s_critic with
            {
                Objective = new HingeObjective(), DiscriminatorLearningRate = 4e-4,
            },
        },
        "spectral" => new()
        {
            Name = name, Description = "hinge loss, spectral normalisation", IsSpectral = true, Training = s_critic with
            {
                Objective = new HingeObjective(), DiscriminatorLearningRate = 4e-4,
            },
        },

        // Mescheder et al. 2018, arXiv:1801.04406
        "r1" => new()
        {
            Name = name, Description = "non-saturating, penalty at the data", Training = s_critic with
            {
                Beta2 = 0.99, Regularizers = [new R1Regularizer(penalty ?? 10)],
            },
        },

        // Huang et al. 2025, arXiv:2501.05441
        "r3gan" => new()
        {
            Name = name, Description = "relativistic, penalties at data and samples", Training = s_critic with
            {
                LearningRate = 2e-4, Beta2 = 0.99, Objective = new RelativisticObjective(),
                Regularizers = [new R1Regularizer(penalty ?? 10), new R2Regularizer(penalty ?? 10)],
            },
        },

        // Lin et al. 2018, arXiv:1712.04086
        "pacgan2" => new() { Name = name, Description = "pairs of samples judged together", Training = s_plain with { Packing = 2 } },
        "pacgan4" => new() { Name = name, Description = "fours of samples judged together", Training = s_plain with { Packing = 4 } },

        // Karras et al. 2017, arXiv:1710.10196
        "minibatch" => new() { Name = name, Description = "deviation over the batch shown to the discriminator", SeesBatch = true },
        _ => throw new ArgumentException($"There is no recipe '{name}': expected one of {string.Join(", ", Names)}."),
    };

    /// <summary>What is put around each layer of the discriminator; null for nothing.</summary>
    /// <param name="options">Where the first singular vectors come from.</param>
    public Func<Module, Module>? Around(ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return IsSpectral ? layer => new SpectralNorm(layer, options.Random) : null;
    }

    private static GanOptions Lipschitz(double? penalty, bool oneSided) => s_critic with
    {
        Objective = new WassersteinObjective(), Regularizers = [new GradientPenalty(penalty ?? 10, oneSided)], DiscriminatorSteps = 5,
    };
}
