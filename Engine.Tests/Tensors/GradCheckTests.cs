namespace Engine.Tests.Tensors;

public sealed class GradCheckTests : IsolatedTests
{
    private readonly Tensor _x;

    public GradCheckTests() => _x = Tensor.From([0.3, -0.7, 1.1], [3], Cpu);

    public override void Dispose()
    {
        _x.Dispose();
        base.Dispose();
    }

    [Fact]
    public void A_right_gradient_passes_and_leaves_no_memory_behind()
    {
        long before = Cpu.MemoryInUse;
        GradCheckResult result = GradCheck.Run(x => (x[0].Tanh() * x[1]).Sum(), [_x, _x]);
        Assert.True(result.Passed, result.Worst);
        Assert.InRange(result.FirstOrder, 1e-16, 1e-8);
        Assert.InRange(result.SecondOrder!.Value, 1e-16, 1e-8);
        result.ThrowIfFailed();
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.Null(GradCheck.Run(x => x[0].Tanh(), [_x], order: 1).SecondOrder);
    }

    [Fact]
    public void A_wrong_rule_fails_and_the_message_says_where()
    {
        GradCheckResult result = GradCheck.Run(x => x[1] + Square(x[0], (g, v) => 2.001 * g * v), [_x, _x], order: 1);
        Assert.False(result.Passed);
        Assert.StartsWith("order 1, input 0 of shape [3]: the gradient predicts", result.Worst);
        RefusedWith<InvalidOperationException>("GradCheck: error", result.ThrowIfFailed);
    }

    [Fact]
    public void A_rule_with_a_constant_in_place_of_its_input_fails_at_second_order()
    {
        GradCheckResult result = GradCheck.Run(x => Square(x[0], (g, v) => 2 * g * v.Detach()), [_x]);
        Assert.True(result.FirstOrder < 1e-8);
        Assert.False(result.Passed);
        Assert.StartsWith("order 2, input 0", result.Worst);
    }

    [Fact]
    public void A_gradient_that_is_not_a_number_fails()
    {
        GradCheckResult result = GradCheck.Run(x => Square(x[0], (g, v) => g * (0 / (v - v))), [_x], order: 1);
        Assert.Equal(double.PositiveInfinity, result.FirstOrder);
    }

    [Fact]
    public void Bad_requests_are_refused()
    {
        using Tensor single = Tensor.From([1f], [1], Cpu);
        RefusedExactly("GradCheck: input 1 must be Float64, found Float32.", () => GradCheck.Run(x => x[0], [_x, single]));
        RefusedExactly("GradCheck: the order is 1 or 2, found 3.", () => GradCheck.Run(x => x[0], [_x], order: 3));
        RefusedExactly("GradCheck: needs at least one input.", () => GradCheck.Run(x => x[0], []));
    }

    /// <summary>x² with a rule of one's own.</summary>
    private static Tensor Square(Tensor x, Func<Tensor, Tensor, Tensor> rule) =>
        Tape.Current!.Record("Square", x.Detach().Square(), new Rule(x, g => rule(g, x)));
}
