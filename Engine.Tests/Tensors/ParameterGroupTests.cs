namespace Engine.Tests.Tensors;

/// <summary>Groups of parameters, L2 penalties and decoupled decay, and divisors of 0, beside plain loops in float64.</summary>
[Collection("simulator")]
public sealed class ParameterGroupTests : IsolatedTests
{
    private const double Rate = 0.05, Beta1 = 0.5, Beta2 = 0.99, Epsilon = 1e-3, Alpha = 0.9, Momentum = 0.9;

    /// <summary>The optimizers, each with parameters in groups.</summary>
    public static TheoryData<string, string, DType> All
    {
        get
        {
            TheoryData<string, string, DType> all = [];
            foreach (string device in (string[])["cpu", "simulator"])
                foreach (DType type in (DType[])[DType.Float32, DType.Float64])
                    foreach (string optimizer in s_names) all.Add(device, optimizer, type);
            return all;
        }
    }

    private static readonly string[] s_names = ["Sgd", "Sgd with momentum", "Adam", "AdamW", "RmsProp", "RmsProp centred with momentum"];

    [Theory, MemberData(nameof(All))]
    public void Groups_have_rates_and_decays_of_their_own(string deviceName, string name, DType type)
    {
        Device device = deviceName == "cpu" ? Cpu : OperationDevices.Gpu;
        ModuleOptions options = new(new RandomStream(1), device, type);
        using Sequential model = new(new Linear(3, 4, options), new LayerNorm(4, options), new Linear(4, 2, options));

        // The second group has the optimizer's decay, half of its rate; the third neither decays nor moves.
        Parameter[] own = [model.Parameters[0], model.Parameters[4]], half = [model.Parameters[1], model.Parameters[2]],
            still = [model.Parameters[3], model.Parameters[5]];
        using Optimizer optimizer = Make(
            name, new ParameterGroups(new ParameterGroup(own, 2, 0.3), new(half, 0.5), new(still, 0, 0)), weightDecay: 0.1);
        Assert.Equal([.. own, .. half, .. still], optimizer.Parameters);
        Assert.Equal(0.1, optimizer.WeightDecay);
        Follow(name, device, optimizer, type, i => i < 2 ? (2 * Rate, 0.3) : i < 4 ? (0.5 * Rate, 0.1) : (0, 0));
    }

    [Theory, MemberData(nameof(All))]
    public void Vectors_are_spared_the_decay_and_the_order_stays(string deviceName, string name, DType type)
    {
        Device device = deviceName == "cpu" ? Cpu : OperationDevices.Gpu;
        ModuleOptions options = new(new RandomStream(1), device, type);
        using Sequential model = new(new Linear(3, 4, options), new LayerNorm(4, options), new Embedding(3, 2, options));
        ParameterGroups groups = ParameterGroups.WithoutDecayOfVectors(model.Parameters);
        Assert.Equal(model.Parameters, groups.Parameters);
        Assert.Equal(["0.weight", "2.weight"], groups.Groups[0].Parameters.Select(parameter => parameter.FullName));
        Assert.Equal(["0.bias", "1.weight", "1.bias"], groups.Groups[1].Parameters.Select(parameter => parameter.FullName));
        using Optimizer optimizer = Make(name, groups, weightDecay: 0.2);
        Assert.Equal(model.Parameters, optimizer.Parameters);
        Follow(name, device, optimizer, type, i => (Rate, optimizer.Parameters[i].Shape.Rank > 1 ? 0.2 : 0));
    }

    [Theory, MemberData(nameof(All))]
    public void One_group_alone_and_a_list_are_the_same_to_the_bit(string deviceName, string name, DType type)
    {
        if (deviceName != "cpu") return;
        double[][] results = new double[2][];
        for (int i = 0; i < 2; i++)
        {
            using Linear layer = new(5, 7, new ModuleOptions(new RandomStream(3), Cpu, type));
            using Optimizer optimizer = i == 0 ? Make(name, new ParameterGroups(new ParameterGroup(layer.Parameters)), 0.1)
                : MakeOfList(name, layer.Parameters, 0.1);
            for (int step = 0; step < 3; step++)
            {
                using Tape tape = new(Cpu);
                optimizer.Step([.. layer.Parameters.Select(parameter =>
                    Tensor.Normal(parameter.Shape, new RandomStream(step), dtype: type))]);
            }

            results[i] = [.. layer.Parameters.SelectMany(parameter => parameter.ToDoubles())];
        }

        Assert.Equal(results[0], results[1]);
    }

    /// <summary>What torch.optim, version 2, makes of (1, -2, 0.5) with weight_decay=0.3 in the four steps of
    /// <see cref="OptimizerTests.OfPyTorch"/>: the formulas of its pages, in float64.</summary>
    [Theory]
    [InlineData("Adam")]
    [InlineData("AdamW")]
    public void The_penalty_of_Adam_goes_through_its_moments_and_the_decay_of_AdamW_does_not(string name)
    {
        using Linear layer = new(1, 3, new ModuleOptions(new RandomStream(1), Cpu, DType.Float64), bias: false);
        layer.Weight.Set([1, -2, 0.5f]);
        using Optimizer optimizer = MakeOfList(name, layer.Parameters, 0.3);
        double[] p = [1, -2, 0.5], m = new double[3], v = new double[3];
        double[][] gradients = [[0.5, -1, 2], [0.25, 0.75, -0.125], [-1.5, 0.5, 1], [1, 1, -2]];
        for (int step = 1; step <= 4; step++)
        {
            for (int i = 0; i < 3; i++)
            {
                double g = gradients[step - 1][i];
                if (name == "Adam") g += 0.3 * p[i];
                else p[i] -= Rate * 0.3 * p[i];
                m[i] = (Beta1 * m[i]) + ((1 - Beta1) * g);
                v[i] = (Beta2 * v[i]) + ((1 - Beta2) * g * g);
                p[i] -= Rate * (m[i] / (1 - Math.Pow(Beta1, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(Beta2, step))) + Epsilon);
            }

            using Tape tape = new(Cpu);
            optimizer.Step([Tensor.From(gradients[step - 1], [1, 3])]);
        }

        Near(p, layer.Weight, 1e-14);
    }

    /// <summary>Devices, types, and the optimizers that divide.</summary>
    public static TheoryData<string, string, DType> Dividing
    {
        get
        {
            TheoryData<string, string, DType> all = [];
            foreach (string device in (string[])["cpu", "simulator"])
                foreach (DType type in (DType[])[DType.Float32, DType.Float64])
                    foreach (string optimizer in (string[])["Adam", "AdamW", "RmsProp", "RmsProp with momentum", "RmsProp centred",
                        "RmsProp centred with momentum"]) all.Add(device, optimizer, type);
            return all;
        }
    }

    [Theory, MemberData(nameof(Dividing))]
    public void A_gradient_of_0_moves_nothing_where_epsilon_is_0_and_NaN_stays_to_be_seen(string deviceName, string name, DType type)
    {
        Device device = deviceName == "cpu" ? Cpu : OperationDevices.Gpu;
        using Linear layer = new(1, 5, new ModuleOptions(new RandomStream(1), device, type), bias: false);
        layer.Weight.Set([1, -2, 0.5f, 3, 4]);
        using Optimizer optimizer = name switch
        {
            "Adam" => new Adam(layer.Parameters, Rate, epsilon: 0),
            "AdamW" => new AdamW(layer.Parameters, Rate, epsilon: 0, weightDecay: 0),
            _ => new RmsProp(layer.Parameters, Rate, epsilon: 0, momentum: name.Contains("momentum") ? Momentum : 0,
                centered: name.Contains("centred")),
        };

        // The square of the third is 0 in both types; the fourth is an ordinary one, the last a NaN.
        double tiny = type == DType.Float32 ? 1e-30 : 1e-200;
        for (int step = 0; step < 3; step++)
        {
            using Tape tape = new(device);
            optimizer.Step([Tensor.From([0, -0.0, tiny, 0.5 + step, double.NaN], [1, 5]).Cast(type)]);
        }

        double[] found = layer.Weight.ToDoubles();
        Assert.Equal([1, -2, 0.5], found[..3]);
        Assert.True(double.IsFinite(found[3]) && found[3] < 3, $"found {found[3]}");
        Assert.True(double.IsNaN(found[4]));
    }

    [Fact]
    public void Groups_that_do_not_fit_are_refused()
    {
        using Linear layer = new(2, 3, ModuleOptions.FromSeed(1, Cpu));
        ParameterGroup both = new(layer.Parameters), weight = new([layer.Weight]);
        Refused("takes each parameter once", () => new Adam(new ParameterGroups(both, weight)));
        Refused("at least one parameter", () => new Adam(new ParameterGroups()));
        Refused("at least one parameter", () => new Adam(new ParameterGroups(new ParameterGroup([]))));
        Refused<ArgumentOutOfRangeException>("factor of the learning rate", () => new ParameterGroup(layer.Parameters, -1));
        Refused<ArgumentOutOfRangeException>("factor of the learning rate", () => new ParameterGroup(layer.Parameters, double.NaN));
        foreach (double decay in (double[])[-1, double.NaN, double.PositiveInfinity])
        {
            Refused<ArgumentOutOfRangeException>("weight decay must be finite and not negative",
                () => new ParameterGroup(layer.Parameters, weightDecay: decay));
            foreach (string name in s_names) Refused<ArgumentOutOfRangeException>("weight decay must be finite and not negative",
                () => MakeOfList(name, layer.Parameters, decay));
        }

        // One that is empty is passed over.
        using Sgd sgd = new(ParameterGroups.WithoutDecayOfVectors([layer.Bias!]), 0.1);
        Assert.Equal([layer.Bias!], sgd.Parameters);
    }

    private static Optimizer Make(string name, ParameterGroups groups, double weightDecay) => name switch
    {
        "Adam" => new Adam(groups, Rate, Beta1, Beta2, Epsilon, weightDecay),
        "AdamW" => new AdamW(groups, Rate, Beta1, Beta2, Epsilon, weightDecay),
        "Sgd" => new Sgd(groups, Rate, 0, weightDecay),
        "Sgd with momentum" => new Sgd(groups, Rate, Momentum, weightDecay),
        "RmsProp" => new RmsProp(groups, Rate, Alpha, Epsilon, 0, false, weightDecay),
        _ => new RmsProp(groups, Rate, Alpha, Epsilon, Momentum, true, weightDecay),
    };

    private static Optimizer MakeOfList(string name, IReadOnlyList<Parameter> parameters, double weightDecay) => name switch
    {
        "Adam" => new Adam(parameters, Rate, Beta1, Beta2, Epsilon, weightDecay),
        "AdamW" => new AdamW(parameters, Rate, Beta1, Beta2, Epsilon, weightDecay),
        "Sgd" => new Sgd(parameters, Rate, 0, weightDecay),
        "Sgd with momentum" => new Sgd(parameters, Rate, Momentum, weightDecay),
        "RmsProp" => new RmsProp(parameters, Rate, Alpha, Epsilon, 0, false, weightDecay),
        _ => new RmsProp(parameters, Rate, Alpha, Epsilon, Momentum, true, weightDecay),
    };

    /// <summary>Five steps beside plain loops; rate and decay are those of the parameter of a place.</summary>
    private static void Follow(
        string name, Device device, Optimizer optimizer, DType type, Func<int, (double Rate, double Decay)> settings)
    {
        double[][] expected = [.. optimizer.Parameters.Select(parameter => parameter.ToDoubles())];
        double[][] m = [.. expected.Select(values => new double[values.Length])], v = [.. m.Select(values => new double[values.Length])],
            b = [.. m.Select(values => new double[values.Length])];
        Random random = new(4);
        for (int step = 1; step <= 5; step++)
        {
            double[][] gradients = [.. expected.Select(
                values => Array.ConvertAll(Draws.Any(random, values.Length), g => (double)(float)g))];
            for (int k = 0; k < expected.Length; k++)
                for (int i = 0; i < expected[k].Length; i++)
                    Renew(settings(k), step, gradients[k][i], ref expected[k][i], ref m[k][i], ref v[k][i], ref b[k][i]);
            using Tape tape = new(device);
            optimizer.Step([.. gradients.Select((values, k) => Tensor.From(values, optimizer.Parameters[k].Shape).Cast(type))]);
        }

        for (int k = 0; k < expected.Length; k++)
        {
            double[] found = optimizer.Parameters[k].ToDoubles();
            for (int i = 0; i < found.Length; i++) Assert.Equal(
                expected[k][i], found[i], (type == DType.Float32 ? 3e-5 : 1e-12) * Math.Max(1, Math.Abs(expected[k][i])));
        }

        void Renew((double Rate, double Decay) own, int step, double g, ref double p, ref double m, ref double v, ref double b)
        {
            if (name == "AdamW") p -= own.Rate * own.Decay * p;
            else g += own.Decay * p;
            switch (name)
            {
                case "Sgd":
                    p -= own.Rate * g;
                    break;
                case "Sgd with momentum":
                    b = (Momentum * b) + g;
                    p -= own.Rate * b;
                    break;
                case "Adam" or "AdamW":
                    m = (Beta1 * m) + ((1 - Beta1) * g);
                    v = (Beta2 * v) + ((1 - Beta2) * g * g);
                    p -= own.Rate * (m / (1 - Math.Pow(Beta1, step))) / (Math.Sqrt(v / (1 - Math.Pow(Beta2, step))) + Epsilon);
                    break;
                default:
                    m = (Alpha * m) + ((1 - Alpha) * g);
                    v = (Alpha * v) + ((1 - Alpha) * g * g);
                    double d = g / (Math.Sqrt(name == "RmsProp" ? v : v - (m * m)) + Epsilon);
                    b = name == "RmsProp" ? d : (Momentum * b) + d;
                    p -= own.Rate * b;
                    break;
            }
        }
    }
}
