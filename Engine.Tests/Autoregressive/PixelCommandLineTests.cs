using Engine.Models.Autoregressive;

namespace Engine.Tests.Autoregressive;

[Collection("console")]
public sealed class PixelCommandLineTests
{
    [Fact]
    public void A_recipe_brings_its_width_and_epochs_and_what_is_told_besides_wins()
    {
        MadeCommandLine small = new([]), large = new(["--recipe", "large"]);
        Assert.Equal((20, 30), (small.Info.Epochs, large.Info.Epochs));
        Assert.Equal(500, Widths(small));
        Assert.Equal(2000, Widths(large, "--recipe", "large"));
        Assert.Equal(30, Widths(large, "--recipe", "large", "--hidden", "30,20"));
        Assert.Equal(16, PixelRnnOf([]).Hidden);
        Assert.Equal(32, PixelRnnOf(["--recipe", "large"]).Hidden);
    }

    [Theory]
    [InlineData("--hidden must be whole numbers from 1 to 8192 with commas between, was '30,x'.", "--hidden", "30,x")]
    [InlineData("--hidden must be whole numbers from 1 to 8192 with commas between, was '0'.", "--hidden", "0")]
    [InlineData("--masks must be a whole number from 1 to 10000, was '0'.", "--masks", "0")]
    [InlineData("--dropout must be a number of at least 0 and less than 1, was '1'.", "--dropout", "1")]
    [InlineData("--size must be a whole number from 1 to 1024, was '0'.", "--size", "0")]
    public void Bad_options_give_a_sentence_and_exit_code_1(string sentence, params string[] args)
    {
        MadeCommandLine options = new(args);
        string error = CapturedConsole.Of(() => TrainingProgram.Run(
            [.. args, "--device", "cpu:1"], options.Info, run =>
                options.Model(run, 49, new ModuleOptions(run.Random, run.Device)).Dispose(), options.All)).Failure();
        Assert.Contains(sentence, error);
    }

    // The first hidden layer's units, from the parameters of a model of 3 pixels: 3 weights and a bias each.
    private static int Widths(MadeCommandLine options, params string[] args)
    {
        int width = 0;
        CapturedConsole.Of(() => TrainingProgram.Run([.. args, "--device", "cpu:1"], options.Info, run =>
        {
            using Made made = options.Model(run, 3, new ModuleOptions(run.Random, run.Device));
            width = made.NamedParameters().First(named => named.Name.EndsWith("hidden0.bias", StringComparison.Ordinal)).Parameter.Count;
        }, options.All)).Success();
        return width;
    }

    private static (int Hidden, long Count) PixelRnnOf(string[] args)
    {
        PixelRnnCommandLine options = new(args);
        (int Hidden, long Count) found = default;
        CapturedConsole.Of(() => TrainingProgram.Run([.. args, "--device", "cpu:1"], options.Info, run =>
        {
            using PixelRnn model = options.Model(run, new ImageSize(4, 4, 1), new ModuleOptions(run.Random, run.Device));
            found = (model.Hidden, model.ParameterCount);
        }, options.All)).Success();
        return found;
    }
}
