namespace Engine.Tests.Tensors;

public sealed class FiniteGuardTests : IsolatedTests
{
    private readonly Sequential _net;
    private readonly Dictionary<Tensor, string> _names;

    public FiniteGuardTests()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        _net = new Sequential(new Linear(3, 4, options), new Tanh(), new Linear(4, 2, options, biasInitializer: Initializers.Constant(-5)));
        _names = _net.NamedParameters()
            .ToDictionary(named => (Tensor)named.Parameter, named => $"net.{named.Name}",
                ReferenceEqualityComparer.Instance as IEqualityComparer<Tensor>);
    }

    public override void Dispose()
    {
        _net.Dispose();
        base.Dispose();
    }

    [Fact]
    public void A_loss_that_is_NaN_names_the_operation_the_layer_the_place_and_the_inputs()
    {
        NonFiniteException error = Stopped(x => _net.Forward(x).Log().Mean());
        Assert.Equal("Log", error.Operation);
        Assert.Equal("net.2", error.Layer);
        Assert.Matches(
            @"^the loss of net is NaN at step 12 of epoch 3: the first value that is not finite came out of Log "
            + @"behind layer net\.2, whose inputs lie between -\d\.\d+ and -\d\.\d+\.$",
            error.Message);
    }

    [Fact]
    public void An_infinite_loss_is_called_so()
    {
        Assert.StartsWith("the loss of net is infinite at", Stopped(x => (_net.Forward(x) * -100).Exp().Mean()).Message);
        Assert.StartsWith("the loss of net is minus infinite at", Stopped(x => -(_net.Forward(x) * -100).Exp().Mean()).Message);
    }

    [Fact]
    public void An_operation_with_parameters_is_of_its_layer_also_when_an_activation_is_fused_into_it()
    {
        _net.Parameters[0].Set([1e38f, 1e38f, 1e38f, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        NonFiniteException error = Stopped(x => new Sequential(_net.Layers[0], new LeakyRelu(0.2)).Forward(x * 100).Mean());
        Assert.Equal(("Linear", "net.0"), (error.Operation, error.Layer));
        Assert.Contains("came out of Linear of layer net.0, whose inputs lie between", error.Message);
    }

    [Fact]
    public void Infinities_that_do_the_loss_no_harm_are_not_blamed()
    {
        NonFiniteException error = Stopped(x =>
        {
            Tensor y = _net.Forward(x);
            Tensor harmless = 1 / (y * -1000).Exp();
            return harmless.Mean() + y.Log().Mean();
        });
        Assert.Equal("Log", error.Operation);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_names_the_derivative()
    {
        // sqrt(0) is 0, its slope infinite.
        NonFiniteException error = Stopped(x => (_net.Forward(x).Square() * 0).Sqrt().Mean());
        Assert.Equal(("Sqrt", "net.2"), (error.Operation, error.Layer));
        Assert.Equal(
            "a gradient of the loss of net is infinite at step 12 of epoch 3: the first one that is not finite came out of the "
            + "derivative of Sqrt behind layer net.2, " +
            "whose inputs lie between 0 and 0.",
            error.Message);
    }

    [Fact]
    public void Data_that_are_not_finite_are_told_from_results()
    {
        NonFiniteException error = Stopped(x => _net.Forward(Tensor.From([1f, float.NaN, 2], [1, 3])).Mean());
        Assert.Equal("the loss of net is NaN at step 12 of epoch 3: an input of Linear of layer net.0, [1, 3], is NaN, and no recorded "
            + "operation computed it.", error.Message);
    }

    [Fact]
    public void A_parameter_that_is_not_finite_is_named()
    {
        _net.Parameters[2].Set([.. Enumerable.Repeat(float.PositiveInfinity, 8)]);
        NonFiniteException error = Stopped(x => _net.Forward(x).Mean());
        Assert.Equal("net.2", error.Layer);
        Assert.EndsWith(": parameter net.2.weight is infinite since an earlier step.", error.Message);
    }

    [Fact]
    public void A_gradient_with_a_graph_is_left_to_the_loss_computed_from_it()
    {
        NonFiniteException error = Stopped((tape, x) =>
        {
            Tensor slope = tape.Gradient(_net.Forward(tape.Watch(x)).Sum(), x, createGraph: true);
            return (slope - slope).Sum().Sqrt() + (slope.Square().Sum() * -1).Log();
        });
        Assert.Equal("Log", error.Operation);
    }

    [Fact]
    public void What_was_found_is_kept_and_closing_ends_the_watch()
    {
        using (FiniteGuard guard = new())
        {
            Assert.Null(guard.Found);
            Assert.Same(Assert.Throws<NonFiniteException>(() => Gradients(x => _net.Forward(x).Log().Mean())), guard.Found);
            Assert.StartsWith("the loss is NaN: the first value", guard.Found!.Message);
            Assert.Throws<NonFiniteException>(() => guard.Check("g_loss", double.NaN));
            Assert.Throws<NonFiniteException>(() => guard.Check("state", Tensor.From([1f, 2, float.NegativeInfinity], [3], Cpu).Storage));
            guard.Check("g_loss", 1);
        }

        Gradients(x => _net.Forward(x).Log().Mean());
    }

    [Theory, Values(DType.Float32, DType.Float64)]
    public void Every_place_is_looked_at(DType dtype)
    {
        for (int length = 1; length < 70; length++)
        {
            using Tensor x = Tensor.Full([length], -3e38, dtype, Cpu);
            Assert.True(Finite.All(x.Storage));
            for (int i = 0; i < length; i++)
            {
                foreach (double bad in (ReadOnlySpan<double>)[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
                {
                    if (dtype == DType.Float32) x.Storage.AsSpan<float>()[i] = (float)bad;
                    else x.Storage.AsSpan<double>()[i] = bad;
                    Assert.False(Finite.All(x.Storage));
                }

                Move.Fill(x.Storage, 0);
            }
        }
    }

    private NonFiniteException Stopped(Func<Tensor, Tensor> loss) => Stopped((_, x) => loss(x));

    private NonFiniteException Stopped(Func<Tape, Tensor, Tensor> loss)
    {
        using FiniteGuard guard = new(_names.GetValueOrDefault, () => "step 12 of epoch 3");
        return Assert.Throws<NonFiniteException>(() => Gradients(loss));
    }

    private void Gradients(Func<Tensor, Tensor> loss) => Gradients((_, x) => loss(x));

    private void Gradients(Func<Tape, Tensor, Tensor> loss)
    {
        using Tape tape = new(Cpu);
        tape.Gradients(loss(tape, Tensor.Ones([5, 3])), _net.Parameters);
    }
}
