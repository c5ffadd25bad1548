using Engine.Autograd.Checks;
using Engine.Models.Adversarial.Residual;

namespace Engine.Tests.Adversarial.Residual;

/// <summary>The blocks of the residual networks beside their formulas in plain float64, and their gradients beside differences.</summary>
public sealed class ResidualBlockTests : IsolatedTests
{
    private ModuleOptions Options => ModuleOptions.FromSeed(3, Cpu) with { DType = DType.Float64 };

    [Fact]
    public void A_generator_block_is_its_formula()
    {
        using ResidualGeneratorBlock block = Random(new ResidualGeneratorBlock(2, 3, 4, Options));
        using Tape tape = new(Cpu);
        Tensor x = Normal([2, 3, 2, 2], 1), vectors = Normal([2, 4], 2);
        double[] v = vectors.ToDoubles();
        PlainImages input = PlainImages.Of(x);
        PlainImages h = input.Modulated(v, P(block, "norm1.scale.weight"), P(block, "norm1.offset.weight")).Relu().Doubled()
            .Convolved(P(block, "conv1.weight"))
            .Modulated(v, P(block, "norm2.scale.weight"), P(block, "norm2.offset.weight")).Relu()
            .Convolved(P(block, "conv2.weight"), P(block, "conv2.bias"));
        PlainImages expected = h.Plus(input.Doubled().Convolved(P(block, "skip.weight")));
        Tensor found = block.Forward(x, vectors);
        Assert.Equal(new Shape(2, 6, 4, 3), found.Shape);
        Closeness.Near(expected.Values, found, 1e-12);
        Refusal.RefusedWith("ModulatedBatchNorm: expected samples [samples, ..., channels] and vectors [samples, 4], found [2, 3, 2, 2]",
            () => block.Forward(x, Normal([3, 4], 2)));
    }

    [Theory, Rows("1 3 true true, 2 3 false true, 2 3 false false, 2 2 false false")]
    public void A_discriminator_block_is_its_formula(int inputs, int outputs, bool isFirst, bool halves)
    {
        using ResidualDiscriminatorBlock block = Random(new ResidualDiscriminatorBlock(
            inputs, outputs, Options, isFirst: isFirst, halves: halves));
        using Tape tape = new(Cpu);
        Tensor x = Normal([2, 4, 6, inputs], 1);
        PlainImages input = PlainImages.Of(x), h = isFirst ? input : input.Relu();
        h = h.Convolved(P(block, "conv1.weight"), P(block, "conv1.bias")).Relu()
            .Convolved(P(block, "conv2.weight"), P(block, "conv2.bias"));
        bool hasSkip = halves || inputs != outputs;
        PlainImages beside = hasSkip ? input.Convolved(P(block, "skip.weight")) : input, sum = h.Plus(beside);
        Closeness.Near((halves ? sum.Halved() : sum).Values, block.Forward(x), 1e-12);
        Assert.Equal(hasSkip ? 5 : 4, block.Parameters.Count);
    }

    [Theory, Values(0.0, 0.7)]
    public void Attention_is_its_formula(double gamma)
    {
        using SelfAttentionBlock block = Random(new SelfAttentionBlock(8, Options));
        Assert.Equal(0, new SelfAttentionBlock(8, Options).Gamma.Item());
        block.Gamma.Storage.CopyFrom<double>([gamma]);
        using Tape tape = new(Cpu);
        Tensor x = Normal([2, 4, 5, 8], 1);
        PlainImages input = PlainImages.Of(x), queries = input.Convolved(P(block, "queries.weight"));
        PlainImages keys = input.Convolved(P(block, "keys.weight")).Largest();
        PlainImages values = input.Convolved(P(block, "values.weight")).Largest();
        Assert.Equal((1, 1, 4, 2, 2), (queries.Channels, keys.Channels, values.Channels, keys.Height, keys.Width));
        PlainImages found = input.Map(4, 5, 4, (n, row, column, c) =>
        {
            (int Y, int X)[] places = [(0, 0), (0, 1), (1, 0), (1, 1)];
            double[] scores = [.. places.Select(at => Math.Exp(queries[n, row, column, 0] * keys[n, at.Y, at.X, 0]))];
            return places.Zip(scores, (at, score) => score * values[n, at.Y, at.X, c]).Sum() / scores.Sum();
        });
        PlainImages added = found.Convolved(P(block, "output.weight"));
        Closeness.Near([.. input.Values.Zip(added.Values, (a, b) => a + (gamma * b))], block.Forward(x), 1e-12);
        Refusal.RefusedWith("SelfAttentionBlock: expected images [samples, height, width, 8] of at least 2 x 2, found [2, 1, 5, 8]",
            () => block.Forward(Normal([2, 1, 5, 8], 1)));
        Refusal.RefusedWith<ArgumentOutOfRangeException>("SelfAttentionBlock: expected at least 1 channel, found 0",
            () => _ = new SelfAttentionBlock(0, Options));
    }

    [Fact]
    public void Gradients_are_those_of_differences()
    {
        using ResidualGeneratorBlock up = Random(new ResidualGeneratorBlock(2, 2, 3, Options));
        using SelfAttentionBlock attention = Random(new SelfAttentionBlock(2, Options));
        using ResidualDiscriminatorBlock down = Random(new ResidualDiscriminatorBlock(2, 3, Options));
        using Tensor x = Tensor.Normal([2, 2, 2, 2], new(1), dtype: DType.Float64, device: Cpu);
        using Tensor vectors = Tensor.Normal([2, 3], new(2), dtype: DType.Float64, device: Cpu);
        foreach (Module module in (Module[])[up, attention, down]) Differences.AlongDirections(module, Loss, 1e-6);
        using Tape tape = new(Cpu);
        GradCheck.Run(inputs => up.Forward(inputs[0], inputs[1]), [Copy(x), Copy(vectors)], order: 1).ThrowIfFailed();

        Tensor Loss() => down.Forward(attention.Forward(up.Forward(x, vectors))).Square().Mean();

        static Tensor Copy(Tensor of) => Tensor.From(of.ToDoubles(), of.Shape);
    }

    [Fact]
    public void Gradients_of_the_second_order_are_those_of_differences()
    {
        using SelfAttentionBlock attention = Random(new SelfAttentionBlock(2, Options));
        using ResidualDiscriminatorBlock down = Random(new ResidualDiscriminatorBlock(2, 3, Options));
        using Tape tape = new(Cpu);
        GradCheck.Run(inputs => attention.Forward(inputs[0]), [Normal([1, 2, 4, 2], 1)]).ThrowIfFailed();
        GradCheck.Run(inputs => down.Forward(inputs[0]).Tanh(), [Normal([1, 4, 4, 2], 1)]).ThrowIfFailed();
    }

    internal static T Random<T>(T module) where T : Module
    {
        Random random = new(1);
        foreach (Parameter parameter in module.Parameters)
            parameter.Storage.CopyFrom<double>([.. Enumerable.Range(0, parameter.Count).Select(_ => random.NextDouble() - 0.4)]);
        return module;
    }

    private static Tensor Normal(Shape shape, int seed) => Tensor.Normal(shape, new(seed), dtype: DType.Float64);

    private static Parameter P(Module module, string name) => module.NamedParameters().Single(named => named.Name == name).Parameter;
}
