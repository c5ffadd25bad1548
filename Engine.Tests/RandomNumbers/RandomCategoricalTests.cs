namespace Engine.Tests.RandomNumbers;

public sealed class RandomCategoricalTests : IsolatedTests
{
    private const ulong Key = 0x0123456789ABCDEF;

    [Theory, Values(DType.Float32, DType.Float64)]
    public void Classes_come_as_often_as_their_softmax_says(DType type)
    {
        const int Rows = 100_000;
        float[] logits = [0.5f, -1, float.NegativeInfinity, 2, 0, -3];
        using CpuDevice device = new(2);
        using Tape tape = new(device);
        Tensor z = Tensor.From(logits, [1, 6]).BroadcastTo([Rows, 6]).Cast(type);
        double[] drawn = Sampling.Categorical(z, new RandomStream(5)).ToDoubles();
        double total = logits.Sum(x => Math.Exp(x)), chiSquare = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double expected = Rows * Math.Exp(logits[i]) / total;
            int found = drawn.Count(index => index == i);
            if (expected == 0) Assert.Equal(0, found);
            else chiSquare += (found - expected) * (found - expected) / expected;
        }

        // 4 degrees of freedom: above 23.5 once in 10,000 seeds.
        Assert.InRange(chiSquare, 0, 23.5);
    }

    [Fact]
    public void The_number_of_threads_changes_no_draw()
    {
        float[] logits = new float[3000 * 37];
        Random random = new(3);
        for (int i = 0; i < logits.Length; i++) logits[i] = (4 * random.NextSingle()) - 2;
        using CpuDevice one = new(1), three = new(3);
        Assert.Equal(Draw(one, logits, 37), Draw(three, logits, 37));
    }

    [Fact]
    public void A_draw_depends_on_its_own_row_alone()
    {
        float[] logits = new float[8 * 300];
        Random random = new(4);
        for (int i = 0; i < logits.Length; i++) logits[i] = (4 * random.NextSingle()) - 2;
        double[] before = Draw(Cpu, logits, 300);
        logits.AsSpan(300).Fill(1);
        Assert.Equal(before[0], Draw(Cpu, logits, 300)[0]);
    }

    [Fact]
    public void A_class_that_is_sure_is_always_drawn()
    {
        float[] logits = new float[64 * 5];
        for (int row = 0; row < 64; row++) logits[(row * 5) + (row % 5)] = 200;
        Assert.Equal([.. Enumerable.Range(0, 64).Select(row => (double)(row % 5))], Draw(Cpu, logits, 5));
    }

    [Theory]
    [InlineData("cpu:1", float.NaN, 0)]
    [InlineData("cpu:1", float.PositiveInfinity, 0)]
    [InlineData("cpu:1", float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData("simulator", float.NaN, 0)]
    [InlineData("simulator", float.PositiveInfinity, 0)]
    [InlineData("simulator", float.NegativeInfinity, float.NegativeInfinity)]
    public void A_row_that_is_no_distribution_is_named(string name, float a, float b)
    {
        using Device device = KernelDevice.Open(name);
        Refused("row 1 of the logits is no distribution", () => Draw(device, [0, 1, a, b], 2));
    }

    [Fact]
    public void What_is_unfit_is_refused()
    {
        using Tape tape = new(Cpu);
        Tensor logits = Tensor.Zeros([2, 3]), integers = Tensor.Zeros([2], DType.Int32);
        Refused("[..., classes]", () => Sampling.Categorical(Tensor.Zeros([]), new RandomStream(1)));
        Refused("Float32 or Float64", () => Sampling.Categorical(Tensor.Zeros([2, 3], DType.Int32), new RandomStream(1)));
        Refused("indices must be Int32", () => RandomCategorical.Run(logits.Storage, 2, 3, Tensor.Zeros([2]).Storage, Key, 0));
        Refused("logits must hold 8", () => RandomCategorical.Run(logits.Storage, 2, 4, integers.Storage, Key, 0));
        Refused("multiple of 64", () => RandomCategorical.Run(logits.Storage, 2, 3, integers.Storage, Key, 3));
    }

    private static double[] Draw(Device device, float[] logits, int classes)
    {
        using Tape tape = new(device);
        return Sampling.Categorical(Tensor.From(logits, [logits.Length / classes, classes]), new RandomStream(11)).ToDoubles();
    }
}
