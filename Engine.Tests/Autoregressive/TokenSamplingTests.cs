using Engine.Models.Autoregressive.Text;

namespace Engine.Tests.Autoregressive;

public sealed class TokenSamplingTests
{
    private static readonly float[] s_logits = [.. new[] { 0.1, 0.4, 0.2, 0.3 }.Select(p => (float)Math.Log(p))];

    [Fact]
    public void Without_options_the_probabilities_are_those_of_the_model() => Near([0.1, 0.4, 0.2, 0.3], new TokenSampling());

    [Fact]
    public void A_temperature_divides_the_logits()
    {
        double[] squares = [0.01, 0.16, 0.04, 0.09];
        Near([.. squares.Select(p => p / squares.Sum())], new TokenSampling { Temperature = 0.5 });
    }

    [Fact]
    public void A_temperature_of_0_takes_the_likeliest_and_of_equal_ones_the_first()
    {
        Near([0, 1, 0, 0], new TokenSampling { Temperature = 0 });
        Assert.Equal(1, new TokenSampling { Temperature = 0 }.Draw([2, 5, 5, 1], 0.99));
    }

    [Theory]
    [InlineData(1, new[] { 0, 1.0, 0, 0 })]
    [InlineData(2, new[] { 0, 4 / 7.0, 0, 3 / 7.0 })]
    [InlineData(9, new[] { 0.1, 0.4, 0.2, 0.3 })]
    public void Top_k_keeps_the_likeliest(int k, double[] expected) => Near(expected, new TokenSampling { TopK = k });

    [Theory]
    [InlineData(0.01, new[] { 0, 1.0, 0, 0 })]
    [InlineData(0.39, new[] { 0, 1.0, 0, 0 })]
    [InlineData(0.5, new[] { 0, 4 / 7.0, 0, 3 / 7.0 })]
    [InlineData(0.75, new[] { 0, 4 / 9.0, 2 / 9.0, 3 / 9.0 })]
    [InlineData(1, new[] { 0.1, 0.4, 0.2, 0.3 })]
    public void Top_p_keeps_the_fewest_that_have_so_much_together(double p, double[] expected) =>
        Near(expected, new TokenSampling { TopP = p });

    [Fact]
    public void Draws_come_as_often_as_their_probabilities()
    {
        int[] counts = new int[4];
        for (int i = 0; i < 1000; i++) counts[new TokenSampling().Draw(s_logits, (i + 0.5) / 1000)]++;
        Assert.Equal([100, 400, 200, 300], counts);
        Assert.Equal(3, new TokenSampling { TopK = 2 }.Draw(s_logits, 0.9999999999));
    }

    [Fact]
    public void Options_out_of_their_range_are_refused_by_name()
    {
        Refused("temperature must be at least 0, was -1", () => new TokenSampling { Temperature = -1 }.Draw(s_logits, 0));
        Refused("top-k must be at least 0, was -2", () => new TokenSampling { TopK = -2 }.Draw(s_logits, 0));
        Refused("top-p must be more than 0 and at most 1, was 0", () => new TokenSampling { TopP = 0 }.Draw(s_logits, 0));
        Refused("a logit is NaN", () => new TokenSampling().Draw([float.NaN], 0));
    }

    private static void Near(double[] expected, TokenSampling sampling)
    {
        double[] found = sampling.Probabilities(s_logits);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], 6);
    }
}
