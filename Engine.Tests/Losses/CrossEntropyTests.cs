namespace Engine.Tests.Losses;

public sealed class CrossEntropyTests : IsolatedTests
{
    [Theory, Values(0, 0.1)]
    public void Extreme_logits_give_the_exact_loss_and_gradient(double smoothing)
    {
        using Tape tape = new(Cpu);
        Tensor logits = tape.Watch(Tensor.From([1e4f, -1e4f, 0, -1e4f, 1e4f, 0], [2, 3]));
        Tensor losses = Loss.CrossEntropy(logits, Tensor.From([0, 0], [2]), smoothing, Reduction.None);

        // -(1 - e + e/3) log p_0 - e/3 (log p_1 + log p_2), the logarithms being 0, -2e4 and -1e4 in some order.
        float share = (float)smoothing / 3;
        Assert.Equal(3e4f * share, losses.ToArray()[0], 1e-2);
        Assert.Equal((2e4f * (1 - (2 * share))) + (1e4f * share), losses.ToArray()[1], 1e-2);
        float[] gradient = tape.Gradient(losses.Sum(), logits).ToArray();
        float[] expected = [2 * share, -share, -share, (2 * share) - 1, 1 - share, -share];
        for (int i = 0; i < 6; i++) Assert.Equal(expected[i], gradient[i], 1e-6);
    }

    [Fact]
    public void A_masked_class_weighs_nothing()
    {
        using Tape tape = new(Cpu);
        Tensor logits = tape.Watch(Tensor.From([1f, 1, float.NegativeInfinity], [1, 3]));
        Tensor loss = Loss.CrossEntropy(logits, Tensor.From([1], [1]));
        Assert.Equal(MathF.Log(2), loss.ToArray()[0], 1e-6);
        Assert.Equal([0.5f, -0.5f, 0], tape.Gradient(loss, logits).ToArray());
    }

    [Fact]
    public void Without_smoothing_it_is_the_log_softmax_at_the_label()
    {
        using Tape tape = new(Cpu);
        RandomStream random = new(5);
        Tensor logits = Tensor.Normal([6, 37], random);
        int[] labels = [0, 36, 5, 5, 17, 31];
        float[] log = logits.LogSoftmax().ToArray();
        float[] losses = Loss.CrossEntropy(logits, Tensor.From(labels, [6]), reduction: Reduction.None).ToArray();
        for (int row = 0; row < 6; row++) Assert.Equal(-log[(row * 37) + labels[row]], losses[row], 2e-6);
    }

    [Theory, Values("cpu", "simulator")]
    public void A_label_that_is_no_class_is_named_with_its_row(string name)
    {
        using Device device = KernelDevice.Open(name);
        using Tape tape = new(device);
        foreach (int wrong in (int[])[10, -1])
        {
            RefusedWith<ArgumentOutOfRangeException>($"CrossEntropy: expected labels from 0 to 9, found {wrong} in row 3.",
                () => Loss.CrossEntropy(Tensor.Zeros([4, 10]), Tensor.From([0, 9, 3, wrong], [4])));
        }
    }

    [Theory]
    [InlineData("cpu", DType.Float32)]
    [InlineData("cpu", DType.Float64)]
    [InlineData("simulator", DType.Float32)]
    [InlineData("simulator", DType.Float64)]
    public void Rows_that_are_ignored_count_nowhere_whatever_their_logits_are(string name, DType type)
    {
        using Device device = KernelDevice.Open(name);
        using Tape tape = new(device);
        double[] z = [1, 2, -1, double.NaN, double.PositiveInfinity, 0, 0.5, 0, 3];
        Tensor logits = tape.Watch(Tensor.From(z, [3, 3]).Cast(type)), labels = Tensor.From([2, -100, 0], [3]);
        Tensor others = tape.Watch(Tensor.From([.. z[..3], .. z[6..]], [2, 3]).Cast(type)), of = Tensor.From([2, 0], [2]);
        foreach (double smoothing in (double[])[0, 0.3])
        {
            Tensor expected = Loss.CrossEntropy(others, of, smoothing),
                found = Loss.CrossEntropy(logits, labels, smoothing, ignoreIndex: -100);
            Assert.Equal(expected.Item(), found.Item(), 1e-6);
            Assert.Equal(0, Loss.CrossEntropy(logits, labels, smoothing, Reduction.None, -100).ToDoubles()[1]);
            double[] slope = tape.Gradient(expected, others).ToDoubles();
            foreach (bool createGraph in (bool[])[false, true])
            {
                Tensor gradient = tape.Gradients(found, [logits], createGraph)[0];
                double[] values = gradient.ToDoubles();
                Assert.Equal([0, 0, 0], values[3..6]);
                for (int i = 0; i < 6; i++) Assert.Equal(slope[i], values[i < 3 ? i : i + 3], 1e-6);
                if (!createGraph) continue;
                double[] second = tape.Gradients(gradient.Square().Sum(), [logits])[0].ToDoubles();
                Assert.Equal([0, 0, 0], second[3..6]);
                Assert.True(Array.TrueForAll(second, double.IsFinite));
            }
        }
    }

    [Theory, Values("cpu", "simulator")]
    public void Where_every_row_is_ignored_the_mean_and_its_gradient_are_0(string name)
    {
        using Device device = KernelDevice.Open(name);
        using Tape tape = new(device);
        Tensor logits = tape.Watch(Tensor.Ones([2, 3]));
        Tensor loss = Loss.CrossEntropy(logits, Tensor.From([1, 1], [2]), ignoreIndex: 1);
        Assert.Equal(0, loss.Item());
        Assert.Equal(new double[6], tape.Gradient(loss, logits).ToDoubles());
        RefusedWith<ArgumentOutOfRangeException>(
            "CrossEntropy: expected labels from 0 to 2, or -1 for a row that is ignored, found 3 in row 1.",
            () => Loss.CrossEntropy(logits, Tensor.From([-1, 3], [2]), ignoreIndex: -1));
    }

    [Fact]
    public void A_label_that_was_changed_to_no_class_after_the_forward_pass_is_refused_and_writes_nowhere()
    {
        using Tape tape = new(Cpu);
        Tensor logits = tape.Watch(Tensor.Zeros([2, 3])), labels = Tensor.From([0, 1], [2]);
        Tensor loss = Loss.CrossEntropy(logits, labels);
        labels.Storage.CopyFrom<int>([0, 3_000_000]);
        RefusedWith<ArgumentOutOfRangeException>("CrossEntropy: expected labels from 0 to 2, found 3000000 in row 1.",
            () => tape.Gradient(loss, logits));
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        using Tape tape = new(Cpu);
        Tensor labels = Tensor.From([0, 1], [2]);
        RefusedWith("CrossEntropy: expected labels of Int32, found Float32 [2].",
            () => Loss.CrossEntropy(Tensor.Zeros([2, 3]), Tensor.Zeros([2])));
        RefusedWith("CrossEntropy: expected labels [3] for logits [3, 4], found [2].",
            () => Loss.CrossEntropy(Tensor.Zeros([3, 4]), labels));
        RefusedWith("CrossEntropy: logits must be [..., classes] with at least one class, found [].",
            () => Loss.CrossEntropy(Tensor.Zeros([]), labels));
        RefusedWith<ArgumentOutOfRangeException>("CrossEntropy: expected a label smoothing from 0 to 1, found",
            () => Loss.CrossEntropy(Tensor.Zeros([2, 4]), labels, 1.5));
    }

    [Fact]
    public void Fewer_numbers_than_probabilities_are_kept()
    {
        using Tape tape = new(Cpu);
        Tensor logits = tape.Watch(Tensor.Zeros([1000, 100]));
        Tensor labels = Tensor.From(new int[1000], [1000]);
        long before = Cpu.MemoryInUse;
        Loss.CrossEntropy(logits, labels);
        Assert.InRange(Cpu.MemoryInUse - before, 1, 20_000);
    }
}
