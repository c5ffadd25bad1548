namespace Engine.Tests.Variational;

[Collection("console")]
public sealed class VaeCommandLineTests
{
    [Fact]
    public void Without_options_it_is_the_small_network_on_grey_pixels()
    {
        VaeChoices choices = Read();
        Assert.Equal((VaeNetwork.FullyConnected, 20, Binarization.None), (choices.Network, choices.Latent, choices.Binarization));
        Assert.Equal(new VaeObjective(), choices.Objective);
        Assert.Equal((0, 0, null, false, false),
            (choices.WarmUp, choices.TestSamples, choices.Anomaly, choices.Probe, choices.HasLikelihood));
    }

    [Fact]
    public void Networks_bring_their_latents_and_binary_pixels()
    {
        VaeChoices conv = Read("--conv"), paper = Read("--recipe", "iwae", "--importance", "50");
        Assert.Equal((VaeNetwork.Convolutional, 32, Binarization.Dynamic, true),
            (conv.Network, conv.Latent, conv.Binarization, conv.HasLikelihood));
        Assert.Equal((VaeNetwork.Iwae, 50, Binarization.Dynamic), (paper.Network, paper.Latent, paper.Binarization));
        Assert.Equal(new VaeObjective { Samples = 50, ImportanceWeighted = true }, paper.Objective);
        VaeChoices quick = Read("--recipe", "iwae", "--importance", "50", "--resample", "8", "--pace", "9");
        Assert.Equal((paper.Objective with { Resampled = 8 }, 1, 9), (quick.Objective, paper.Pace, quick.Pace));
        Assert.False(Read("--conv", "--loss", "mse").HasLikelihood);
        Assert.Equal((2, Binarization.Static), (Read("--latent", "2").Latent, Read("--binarize", "static").Binarization));
        Assert.Equal(3, Read("--anomaly", "3").Anomaly);
    }

    [Fact]
    public void A_warm_up_raises_the_weight_of_the_divergence_in_a_line()
    {
        VaeChoices choices = Read("--beta", "2", "--warm-up", "4");
        Assert.Equal([0, 0.5, 1.75, 2, 2], ((double[])[0, 1, 3.5, 4, 9]).Select(epochs => choices.ObjectiveAt(epochs).Beta));
        Assert.Equal(2, Read("--beta", "2").ObjectiveAt(0).Beta);
    }

    [Theory]
    [InlineData("--importance must be a whole number from 1 to 10000, was '0'.", "--importance", "0")]
    [InlineData("--latent must be a whole number from 1 to 4096, was 'many'.", "--latent", "many")]
    [InlineData("--beta must be a number of at least 0, was '-1'.", "--beta", "-1")]
    [InlineData("--beta must be a number of at least 0, was 'NaN'.", "--beta", "NaN")]
    [InlineData("'l1'", "--loss", "l1")]
    [InlineData("--resample 8 draws among importance samples: it needs --importance of at least 2, found 1.", "--resample", "8")]
    [InlineData("--pace 9 shortens the schedule of --recipe iwae, which was not asked for.", "--pace", "9")]
    [InlineData("--conv and --recipe iwae ask for different networks: expected one of them, found both.", "--conv", "--recipe", "iwae")]
    [InlineData("--conv and --levels 2 ask for different networks: expected one of them, found both.", "--conv", "--levels", "2")]
    [InlineData("--tc 2.5 weighs a part of the divergence that only the evidence lower bound of one level of latents with a normal prior "
        + "has: found --levels 1, --prior vamp and --importance 1.", "--tc", "2.5", "--prior", "vamp")]
    [InlineData("--test-samples 5 measures log p(x) of binary pixels: expected --loss bce and --binarize dynamic, static or threshold, "
        + "found --loss bce and --binarize none.", "--test-samples", "5")]
    [InlineData("found --loss mse and --binarize dynamic.", "--conv", "--loss", "mse", "--test-samples", "5")]
    public void Bad_options_give_a_sentence_and_exit_code_1(string sentence, params string[] args)
    {
        Assert.Contains(sentence, CapturedConsole.Of(() => Run(_ => Assert.Fail("must not train"), args)).Failure());
    }

    [Theory]
    [InlineData(IwaeRecipe.Epochs, IwaeRecipe.Batch, "--recipe", "iwae")]
    [InlineData(IwaeRecipe.Epochs, IwaeRecipe.Batch, "--epochs", "3", "--recipe=iwae")]
    [InlineData(VampRecipe.Epochs, VampRecipe.Batch, "--levels", "2")]
    [InlineData(50, 100, "--recipe", "none")]
    [InlineData(50, 100, "--out", "iwae")]
    public void Epochs_and_batch_are_those_of_the_network_before_options_are_read(int epochs, int batch, params string[] args) =>
        Assert.Equal((epochs, batch), VaeCommandLine.Lengths(args));

    [Fact]
    public void The_weight_of_the_total_correlation_takes_the_size_of_the_data()
    {
        VaeChoices choices = Read("--tc", "6", "--warm-up", "4");
        Assert.Equal(new DivergenceWeights(300) { TotalCorrelation = 6 }, choices.ForImages(300).ObjectiveAt(1).Weights);
        Assert.Null(Read().ForImages(300).Objective.Weights);
    }

    [Fact]
    public void Two_levels_and_a_learned_prior_are_chosen_each_by_its_option()
    {
        VaeChoices both = Read("--levels", "2", "--prior", "vamp", "--hidden", "7"), one = Read("--prior", "vamp", "--pseudo-inputs", "3");
        Assert.Equal((VaeNetwork.Hierarchical, VampRecipe.Latent, 500, 7, Binarization.Dynamic),
            (both.Network, both.Latent, both.PseudoInputs, both.Hidden, both.Binarization));
        Assert.Equal((VaeNetwork.FullyConnected, 3, 0), (one.Network, one.PseudoInputs, Read("--levels", "2").PseudoInputs));
    }

    private static VaeChoices Read(params string[] args)
    {
        VaeChoices? choices = null;
        CapturedConsole.Of(() => Run(read => choices = read, args)).Success();
        return choices!;
    }

    private static int Run(Action<VaeChoices> take, string[] args)
    {
        VaeCommandLine options = new();
        return TrainingProgram.Run(
            [.. args, "--device", "cpu:1"], new ProgramInfo("vae", "A test.", Epochs: 1, Batch: 10), run => take(options.Read(run)),
            options.All);
    }
}
