using Engine.Models.Classification;

namespace Engine.Tests.Classification;

public sealed class DigitClassifierTests() : IsolatedTests(threads: 2)
{
    private string Weights => Folder["classifier.safetensors"];

    [Fact]
    public void It_learns_drawn_digits_and_is_the_same_after_saving_and_loading()
    {
        using DigitClassifier classifier = new(ModuleOptions.FromSeed(1, Cpu));
        BatchLoader loader = new(Digits.Draw(640, seed: 3), 32, new BatchOptions { Seed = 5, DropLast = true });
        double first = 0, last = 0;
        foreach (Batch batch in loader.Epoch(0))
        {
            last = classifier.Step(batch.Images, batch.Labels, done: 0.5);
            if (batch.Index == 0) first = last;
        }

        // log 10 = 2.30 for a network that knows nothing.
        Assert.InRange(first, 2.1, 2.6);
        Assert.True(last < 0.7 * first, $"The loss should fall from {first}, found {last}.");

        ImageDataset test = Digits.Draw(100, seed: 4);
        double accuracy = classifier.Accuracy(test);
        Assert.True(accuracy > 0.5, $"More than half should be right, found {accuracy}.");
        classifier.Save(Weights);
        using DigitClassifier other = new(ModuleOptions.FromSeed(2, Cpu));
        Assert.NotEqual(accuracy, other.Accuracy(test));
        other.Load(Weights);
        Assert.Equal(accuracy, other.Accuracy(test));
    }

    [Fact]
    public void Probabilities_sum_to_one_and_are_those_of_evaluation()
    {
        using DigitClassifier classifier = new(ModuleOptions.FromSeed(1, Cpu));
        float[] images = new float[3 * 784];
        Random random = new(1);
        for (int i = 0; i < images.Length; i++) images[i] = (2 * random.NextSingle()) - 1;
        float[] probabilities = classifier.Probabilities(images);
        Assert.Equal(30, probabilities.Length);
        Assert.Equal(1, probabilities.AsSpan(10, 10).ToArray().Sum(), 1e-5);
        Assert.Equal(probabilities, classifier.Probabilities(images));
        Assert.True(classifier.Network.IsTraining);
    }

    [Fact]
    public void It_counts_as_many_samples_as_it_was_asked_to()
    {
        using DigitClassifier classifier = new(ModuleOptions.FromSeed(1, Cpu));
        List<int> asked = [];
        ClassCounts counts = classifier.Count(300, n =>
        {
            asked.Add(n);
            return new float[n * 784];
        });
        Assert.Equal(300, counts.Total);
        Assert.Equal([250, 50], asked);
        Assert.Equal(9, counts.Missing(0.01).Count);
    }

    [Fact]
    public void Data_of_another_kind_are_refused()
    {
        using DigitClassifier classifier = new(ModuleOptions.FromSeed(1, Cpu));
        RefusedExactly<DataException>("Expected labelled images of 28 x 28 x 1 in 10 classes, found 8 x 8 x 1 in 10 classes in small.",
            () => classifier.Accuracy(new ImageDataset("small", 8, 8, 1, new byte[64], [1], 10)));
        Assert.Throws<DataException>(() => classifier.Accuracy(new ImageDataset("unlabelled", 28, 28, 1, new byte[784])));
        Assert.Throws<ArgumentException>(() => classifier.Probabilities(new float[100]));
    }

    [Fact]
    public void A_file_of_something_else_is_refused()
    {
        using DigitClassifier classifier = new(ModuleOptions.FromSeed(1, Cpu));
        Refused<CheckpointException>("expected a file, found none", () => classifier.Load(Weights));
        new SafetensorsWriter().Add<float>("weight", new float[4]).Save(Weights);
        Refused<CheckpointException>("0.weight", () => classifier.Load(Weights));
    }
}
