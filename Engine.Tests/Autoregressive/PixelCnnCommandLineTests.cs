namespace Engine.Tests.Autoregressive;

[Collection("console")]
public sealed class PixelCnnCommandLineTests
{
    [Fact]
    public void Without_options_it_is_the_small_model_of_two_levels()
    {
        PixelCnnChoices choices = Read();
        Assert.Equal((false, false, null, 2),
            (choices.IsGated, choices.IsConditional, choices.Images.Binarization, choices.Recipe.Sizes.Levels));
        Assert.Equal(PixelCnnRecipe.Small.Sizes, choices.Recipe.Sizes);
    }

    [Fact]
    public void Options_change_the_recipe()
    {
        PixelCnnChoices choices = Read(
            "--model", "gated", "--recipe", "large", "--levels", "256", "--classes", "--layers", "3", "--features", "5", "--dropout",
            "0.25");
        Assert.Equal((true, true, Binarization.None),
            (choices.IsGated, choices.IsConditional, choices.Images.Binarization));
        PixelCnnSizes sizes = choices.Recipe.Sizes;
        Assert.Equal((256, 3, 5, 0.25, 64), (sizes.Levels, sizes.Layers, sizes.Features, sizes.Dropout, sizes.Head));
        Assert.Equal(PixelCnnRecipe.LargeGated.Sizes.Dilations, sizes.Dilations);
        Assert.Equal(Binarization.Static, Read("--binarize", "static").Images.Binarization);
    }

    [Theory]
    [InlineData("--binarize static makes black and white: expected --levels 2, found 256.", "--levels", "256", "--binarize", "static")]
    [InlineData("--layers must be a whole number from 1 to 1000, was '-1'.", "--layers", "-1")]
    [InlineData("--dropout must be a number from 0 to below 1, was '1'.", "--dropout", "1")]
    [InlineData("'resnet'", "--model", "resnet")]
    public void Bad_options_give_a_sentence_and_exit_code_1(string sentence, params string[] args)
    {
        Assert.Contains(sentence, CapturedConsole.Of(() => Run(_ => Assert.Fail("must not train"), args)).Failure());
    }

    [Fact]
    public void Epochs_and_batch_of_a_recipe_are_known_before_options_are_read()
    {
        Assert.Same(PixelCnnRecipe.Small, PixelCnnCommandLine.RecipeOf(["--out", "x"]));
        Assert.Same(PixelCnnRecipe.LargeGated, PixelCnnCommandLine.RecipeOf(["--model=gated", "--recipe", "large"]));
        Assert.Same(PixelCnnRecipe.Large, PixelCnnCommandLine.RecipeOf(["--recipe", "large"]));
    }

    private static PixelCnnChoices Read(params string[] args)
    {
        PixelCnnChoices? choices = null;
        CapturedConsole.Of(() => Run(read => choices = read, args)).Success();
        return choices!;
    }

    private static int Run(Action<PixelCnnChoices> take, string[] args)
    {
        PixelCnnCommandLine options = new();
        return TrainingProgram.Run(
            [.. args, "--device", "cpu:1"], new ProgramInfo("pixelcnn", "A test.", Epochs: 1, Batch: 10), run => take(options.Read(run)),
            options.All);
    }
}
