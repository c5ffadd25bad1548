using Engine.Models.Adversarial;
using Engine.Models.Classification;

namespace Engine.Tests.Adversarial;

public sealed class ModeTaskTests : IsolatedTests
{
    [Fact]
    public void Every_recipe_of_the_plane_trains_and_is_counted()
    {
        PlaneModeTask task = new(GaussianMixture.Grid, hidden: 8);
        foreach (string recipe in task.Recipes)
        {
            using Gan gan = task.Make(recipe, ModuleOptions.FromSeed(1, Cpu));
            Assert.Equal((1, task.LearningRate), (gan.Training.DiscriminatorSteps, gan.GeneratorOptimizer.LearningRate));
            float[] before = gan.Generator.Parameters[0].ToArray(), batch = task.Draw(8, new RandomStream(2));
            GanLosses losses = gan.Step(batch, task.ShapeOf(8));
            Assert.True(double.IsFinite(losses.Discriminator) && double.IsFinite(losses.Generator));
            Assert.NotEqual(before, gan.Generator.Parameters[0].ToArray());
            ModeCount count = task.Count(gan.Sample(50));
            Assert.InRange(count.Covered, 0, 25);
            Assert.NotNull(count.GoodShare);
        }

        ModeCount ofData = task.Count(task.Draw(1000, new RandomStream(3)));
        Assert.Equal((25, 25), (ofData.Covered, ofData.Modes));
        Assert.InRange(ofData.GoodShare!.Value, 0.97, 1);

        OutputFolder output = new(Folder.Path);
        task.Save(output, "gan", 1, task.Draw(5, new RandomStream(3)));
        task.Save(output, "gan", 2, []);
        Assert.Equal(["gan-001.svg", "gan-002.svg"], output.Files);
    }

    [Theory, Values("gan", "pacgan2", "minibatch")]
    public void Stacked_digits_train_and_are_counted(string recipe)
    {
        using DigitClassifier classifier = new(ModuleOptions.FromSeed(1, Cpu));
        StackedModeTask task = new(StackedDigits.Of(Digits.Draw(20, seed: 1), 30, new RandomStream(2)), classifier, width: 2);
        using Gan gan = task.Make(recipe, ModuleOptions.FromSeed(3, Cpu));
        float[] batch = task.Draw(4, new RandomStream(4));
        Assert.Equal(task.ShapeOf(4).Count, batch.Length);
        Assert.Equal((-1f, 1f), (batch.Min(), batch.Max()));
        Assert.True(double.IsFinite(gan.Step(batch, task.ShapeOf(4)).Generator));
        float[] samples = gan.Sample(6);
        ModeCount count = task.Count(samples);
        Assert.InRange(count.Covered, 1, 6);
        Assert.Equal((1000, null), (count.Modes, count.GoodShare));
        OutputFolder output = new(Folder.Path);
        task.Save(output, "gan", 3, samples);
        Assert.Equal(["gan-003.png"], output.Files);
    }
}
