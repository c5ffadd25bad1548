using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

public sealed class GanRecipeTests : IsolatedTests
{
    private static readonly float[] s_points = [.. Enumerable.Range(0, 16).Select(i => (float)Math.Sin(i))];

    public static TheoryData<string> Names => [.. GanRecipe.Names];

    [Theory, MemberData(nameof(Names))]
    public void Every_recipe_trains(string name)
    {
        GanRecipe recipe = GanRecipe.Of(name, penalty: 0.3);
        Assert.Equal(name, recipe.Name);
        ModuleOptions options = ModuleOptions.FromSeed(2, Cpu);
        Func<Module, Module> around = recipe.Around(options) ?? (layer => layer);
        int seen = (2 * recipe.Training.Packing) + (recipe.SeesBatch ? 1 : 0);
        Module[] before = recipe.SeesBatch ? [new MinibatchStandardDeviation()] : [];
        Sequential judge = new([.. before, around(new Linear(seen, 8, options)), new LeakyRelu(0.2), around(new Linear(8, 1, options))]);
        using Gan gan = new(new Sequential(new Linear(2, 2, options)), judge, 2, options, recipe.Training);
        float[] first = gan.Generator.Parameters[0].ToArray();
        for (int i = 0; i < recipe.Training.DiscriminatorSteps; i++) Assert.True(double.IsFinite(gan.Step(s_points, [8, 2]).Discriminator));
        Assert.NotEqual(first, gan.Generator.Parameters[0].ToArray());
    }

    [Fact]
    public void Weights_of_penalties_are_the_papers_or_ones_own()
    {
        Assert.Equal(10, Assert.IsType<GradientPenalty>(Assert.Single(GanRecipe.Of("wgan-gp").Training.Regularizers)).Weight);
        Assert.True(Assert.IsType<GradientPenalty>(Assert.Single(GanRecipe.Of("wgan-lp", 0.1).Training.Regularizers)).IsOneSided);
        Assert.Equal(0.2, Assert.IsType<WeightClipping>(Assert.Single(GanRecipe.Of("wgan-clip", 0.2).Training.Constraints)).Bound);
        Assert.Equal(0.5, Assert.IsType<R1Regularizer>(Assert.Single(GanRecipe.Of("r1", 0.5).Training.Regularizers)).Gamma);
        Refused("There is no recipe 'gan-wgan': expected one of gan, saturating,", () => GanRecipe.Of("gan-wgan"));
    }
}
