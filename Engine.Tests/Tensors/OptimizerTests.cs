using Engine.Kernels.Optimizers;
using Engine.Tests.Checkpoints;

namespace Engine.Tests.Tensors;

public sealed class OptimizerTests : IsolatedTests
{
    private const int Count = 5 * 7;
    private const int Steps = 20;

    /// <summary>The float64 update of one element, with two numbers to remember.</summary>
    private delegate void Update(ref double parameter, double gradient, ref double first, ref double second, int step);

    [Theory]
    [InlineData(DType.Float32, 2e-6)]
    [InlineData(DType.Float64, 1e-13)]
    public void Sgd_agrees_with_plain_loops(DType type, double tolerance) =>
        Check(type, tolerance, p => new Sgd(p, 0.1), (ref p, g, ref _, ref _, _) => p -= 0.1 * g);

    [Theory]
    [InlineData(DType.Float32, 2e-6)]
    [InlineData(DType.Float64, 1e-13)]
    public void Sgd_with_momentum_agrees_with_plain_loops(DType type, double tolerance) =>
        Check(type, tolerance, p => new Sgd(p, 0.1, 0.9), (ref p, g, ref velocity, ref _, _) =>
    {
        velocity = (0.9 * velocity) + g;
        p -= 0.1 * velocity;
    });

    [Theory]
    [InlineData(DType.Float32, 2e-6)]
    [InlineData(DType.Float64, 1e-13)]
    public void Adam_agrees_with_plain_loops(DType type, double tolerance) =>
        Check(type, tolerance, p => new Adam(p, 0.05, 0.5, 0.99, 1e-6), (ref p, g, ref mean, ref square, step) =>
            p -= AdamStep(g, ref mean, ref square, step, epsilon: 1e-6));

    [Theory]
    [InlineData(DType.Float32, 2e-6)]
    [InlineData(DType.Float64, 1e-13)]
    public void AdamW_agrees_with_plain_loops(DType type, double tolerance) =>
        Check(type, tolerance, p => new AdamW(p, 0.05, 0.5, 0.99, 1e-4, 0.3), (ref p, g, ref mean, ref square, step) =>
    {
        // In the order of the paper and of PyTorch: the decay first, then Adam's step.
        p -= 0.05 * 0.3 * p;
        p -= AdamStep(g, ref mean, ref square, step, epsilon: 1e-4);
    });

    [Theory]
    [InlineData(DType.Float32, 1e-5, false, 0)]
    [InlineData(DType.Float64, 1e-12, false, 0)]
    [InlineData(DType.Float32, 1e-5, false, 0.9)]
    [InlineData(DType.Float64, 1e-12, false, 0.9)]
    [InlineData(DType.Float32, 1e-4, true, 0)]
    [InlineData(DType.Float64, 1e-11, true, 0)]
    [InlineData(DType.Float32, 1e-4, true, 0.9)]
    [InlineData(DType.Float64, 1e-11, true, 0.9)]
    public void RmsProp_agrees_with_plain_loops(DType type, double tolerance, bool centered, double momentum)
    {
        double[] velocities = new double[Count];
        int i = 0;
        Check(type, tolerance, p => new RmsProp(p, 0.01, 0.9, 1e-3, momentum, centered), (ref p, g, ref mean, ref square, _) =>
        {
            square = (0.9 * square) + (0.1 * g * g);
            mean = (0.9 * mean) + (0.1 * g);
            double variance = centered ? square - (mean * mean) : square;
            ref double velocity = ref velocities[i++ % Count];
            velocity = (momentum * velocity) + (g / (Math.Sqrt(variance) + 1e-3));
            p -= 0.01 * velocity;
        });
    }

    /// <summary>What torch.optim, version 2, makes of (1, -2, 0.5) in four steps in float64.</summary>
    public static TheoryData<string, double[]> OfPyTorch => new()
    {
        { "Adam", [0.8714378701213729, -2.048407216132457, 0.3405222656027559] },
        { "AdamW", [0.7681423775123407, -1.825228477335003, 0.2962512949343371] },
        { "Sgd", [0.9452999999999999, -2.05435, -0.14392500000000008] },
        { "RmsProp", [0.6631687735541547, -2.2096967964872913, 0.27772555221847994] },
        { "RmsProp with momentum", [-0.08491921939727963, -1.8887515862373927, -0.5946240000519044] },
        { "RmsProp centred", [0.6364989396311982, -2.201254473782662, 0.2489007496325539] },
        { "RmsProp centred with momentum", [-0.17301722822811422, -1.8395996311059823, -0.6750251926067214] },
    };

    [Theory, MemberData(nameof(OfPyTorch))]
    public void Four_steps_end_where_those_of_PyTorch_end(string name, double[] expected)
    {
        using Linear layer = new(1, 3, new ModuleOptions(new RandomStream(1), Cpu, DType.Float64), bias: false);
        layer.Weight.Set([1, -2, 0.5f]);
        using Optimizer optimizer = name switch
        {
            "Adam" => new Adam(layer.Parameters, 0.1, 0.5, 0.99, 1e-4),
            "AdamW" => new AdamW(layer.Parameters, 0.1, 0.5, 0.99, 1e-4, 0.3),
            "Sgd" => new Sgd(layer.Parameters, 0.1, 0.9),
            _ => new RmsProp(layer.Parameters, 0.1, 0.9, 1e-3, name.Contains("momentum") ? 0.9 : 0, name.Contains("centred")),
        };
        double[][] gradients = [[0.5, -1, 2], [0.25, 0.75, -0.125], [-1.5, 0.5, 1], [1, 1, -2]];
        foreach (double[] gradient in gradients)
        {
            using Tape tape = new(Cpu);
            optimizer.Step([Tensor.From(gradient, [1, 3])]);
        }

        Near(expected, layer.Weight, 1e-14);
    }

    [Fact]
    public void Constant_gradients_leave_no_deviation_and_no_NaN_in_centred_RmsProp()
    {
        using Linear layer = new(5, 7, ModuleOptions.FromSeed(1, Cpu), bias: false);
        using RmsProp optimizer = new(layer.Parameters, 1e-6, 0, centered: true);
        for (int i = 0; i < 3; i++)
        {
            using Tape tape = new(Cpu);
            optimizer.Step([Tensor.Full([5, 7], 0.1)]);
        }

        Assert.All(layer.Weight.ToArray(), p => Assert.True(float.IsFinite(p)));
    }

    [Fact]
    public void Many_parameters_at_once_are_renewed_as_one_by_one_whatever_their_sizes_types_and_the_threads()
    {
        int[] sizes = [1, 7, 16, 17, 8192, 3, 20_001, 0, 64, 5000];
        using CpuDevice threads = new(3);
        double[][][] alone = [.. sizes.Select((size, i) => Run(Cpu, [size], [Type(i)])).Select(result => result[0])];
        foreach (CpuDevice device in new[] { Cpu, threads })
        {
            double[][] together = Run(device, sizes, [.. sizes.Select((_, i) => Type(i))])
                .Select(result => result.SelectMany(x => x).ToArray()).ToArray();
            for (int i = 0; i < sizes.Length; i++) Assert.Equal(alone[i].SelectMany(x => x), together[i]);
        }

        static DType Type(int i) => i is 3 or 4 or 8 ? DType.Float64 : DType.Float32;

        static double[][][] Run(CpuDevice device, int[] sizes, DType[] types)
        {
            Tensor[][] arrays = [.. sizes.Select((size, i) => Enumerable.Range(0, 4).Select(k =>
                Tensor.Uniform([size], new RandomStream(size + k), 0.1, 1, types[i], device)).ToArray())];
            Storage[] Column(int k) => [.. arrays.Select(array => array[k].Storage)];
            AdamUpdate.Run(Column(0), Column(1), Column(2), Column(3), 2, 0.1, 0.9, 0.99, 1e-8, 0.1);
            double[][][] result = [.. arrays.Select(array => array.Select(tensor => tensor.ToDoubles()).ToArray())];
            foreach (Tensor tensor in arrays.SelectMany(array => array)) tensor.Dispose();
            return result;
        }
    }

    [Fact]
    public void Its_state_is_shown_by_name_and_set_again_to_the_bit()
    {
        using Sequential model =
            new(new Linear(2, 3, ModuleOptions.FromSeed(1, Cpu)), new Linear(3, 1, ModuleOptions.FromSeed(1, Cpu), bias: false));
        Func<Optimizer>[] optimizers =
        [
            () => new Adam(model.Parameters), () => new AdamW(model.Parameters), () => new Sgd(model.Parameters, 0.1, 0.9),
            () => new RmsProp(model.Parameters, momentum: 0.9, centered: true),
        ];
        string[][] kinds = [["mean", "square"], ["mean", "square"], ["velocity"], ["square", "mean", "velocity"]];
        for (int k = 0; k < optimizers.Length; k++)
        {
            using Optimizer optimizer = optimizers[k](), other = optimizers[k]();
            for (int i = 0; i < 3; i++)
            {
                using Tape tape = new(Cpu);
                optimizer.Step([.. model.Parameters.Select(parameter => Tensor.Normal(parameter.Shape, new RandomStream(i)))]);
            }

            optimizer.LearningRate = 0.125;
            StateCopy saved = new();
            optimizer.VisitState(saved);
            Assert.Equal(kinds[k].SelectMany(kind => new[] { $"{kind}.0.weight", $"{kind}.0.bias", $"{kind}.1.weight" }),
                saved.Elements.Keys);
            Assert.All(saved.Elements.Values, values => Assert.Contains(values, x => x != 0));
            other.VisitState(saved.ToSet());
            StateCopy again = new();
            other.VisitState(again);
            Assert.Equal(saved.Elements, again.Elements);
            Assert.Equal(saved.Numbers, again.Numbers);
            Assert.Equal((3, 0.125), (other.Steps, other.LearningRate));
        }

        using Linear alone = new(2, 3, ModuleOptions.FromSeed(1, Cpu)), likewise = new(2, 3, ModuleOptions.FromSeed(1, Cpu));
        using Adam both = new([.. alone.Parameters, .. likewise.Parameters]);
        StateCopy places = new();
        both.VisitState(places);
        Assert.Equal(["mean.0", "mean.1", "mean.2", "mean.3", "square.0", "square.1", "square.2", "square.3"], places.Elements.Keys);
    }

    [Fact]
    public void What_an_optimizer_remembers_is_given_back_with_it()
    {
        using Linear layer = new(5, 6, ModuleOptions.FromSeed(1, Cpu), bias: false);
        long before = Cpu.MemoryInUse;
        using (Adam adam = new(layer.Parameters))
        {
            Assert.True(Cpu.MemoryInUse > before);
            adam.LearningRate = 0.5;
        }

        Assert.Equal(before, Cpu.MemoryInUse);
    }

    [Fact]
    public void Gradients_that_do_not_fit_are_refused_and_nothing_changes()
    {
        using Linear layer = new(2, 3, ModuleOptions.FromSeed(1, Cpu));
        using Adam adam = new(layer.Parameters);
        float[] before = layer.Weight.ToArray();
        using Tape tape = new(Cpu);
        RefusedExactly("Step: 2 parameters need as many gradients, found 1.", () => adam.Step([Tensor.Ones([2, 3])]));
        RefusedExactly("Step: parameter 1 'bias' has shape [3], its gradient [1, 3].",
            () => adam.Step([Tensor.Ones([2, 3]), Tensor.Ones([1, 3])]));
        Assert.Equal(before, layer.Weight.ToArray());
        Assert.Equal(0, adam.Steps);
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        using Linear layer = new(2, 3, ModuleOptions.FromSeed(1, Cpu));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(layer.Parameters, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(layer.Parameters, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(layer.Parameters, 0.1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(layer.Parameters, beta1: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(layer.Parameters, beta2: -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(layer.Parameters, epsilon: -1));
        Assert.Throws<ArgumentException>(() => new Sgd([], 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(layer.Parameters, weightDecay: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RmsProp(layer.Parameters, alpha: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RmsProp(layer.Parameters, epsilon: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RmsProp(layer.Parameters, momentum: 1));
        using Adam adam = new(layer.Parameters, epsilon: 1e-4);
        Assert.Equal(1e-4, adam.Epsilon);
        Assert.Throws<ArgumentOutOfRangeException>(() => adam.LearningRate = -1);
        adam.LearningRate = 0;
        float[] before = layer.Weight.ToArray();
        using Tape tape = new(Cpu);
        adam.Step([Tensor.Ones([2, 3]), Tensor.Ones([3])]);
        Assert.Equal(before, layer.Weight.ToArray());
    }

    private static double AdamStep(double gradient, ref double mean, ref double square, int step, double epsilon)
    {
        mean = (0.5 * mean) + (0.5 * gradient);
        square = (0.99 * square) + (0.01 * gradient * gradient);
        return 0.05 * (mean / (1 - Math.Pow(0.5, step))) / (Math.Sqrt(square / (1 - Math.Pow(0.99, step))) + epsilon);
    }

    private void Check(DType type, double tolerance, Func<IReadOnlyList<Parameter>, Optimizer> make, Update update)
    {
        using Linear layer = new(5, 7, new ModuleOptions(new RandomStream(3), Cpu, type), bias: false);
        using Optimizer optimizer = make(layer.Parameters);
        double[] expected = layer.Weight.ToDoubles();
        double[] first = new double[Count], second = new double[Count];
        Random random = new(4);
        for (int i = 1; i <= Steps; i++)
        {
            double[] gradient = Array.ConvertAll(Draws.Any(random, Count), g => (double)(float)g);
            for (int k = 0; k < Count; k++) update(ref expected[k], gradient[k], ref first[k], ref second[k], i);
            using Tape tape = new(Cpu);
            Tensor tensor = Tensor.From(gradient, [5, 7]).Cast(type);
            optimizer.Step([tensor]);
        }

        Assert.Equal(Steps, optimizer.Steps);
        double[] got = layer.Weight.ToDoubles();
        for (int i = 0; i < Count; i++) Assert.Equal(expected[i], got[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
    }

    [Fact]
    public void A_disposed_optimizer_makes_no_step_and_says_which_it_is()
    {
        using Linear layer = new(2, 2, ModuleOptions.FromSeed(1));
        Adam adam = new(layer.Parameters);
        adam.Dispose();
        using Tape tape = new();
        Tensor[] gradients = tape.Gradients(layer.Forward(Tensor.Ones([1, 2])).Sum(), layer.Parameters);
        Refused<ObjectDisposedException>("Adam", () => adam.Step(gradients));
        Assert.Equal(0, adam.Steps);
    }
}
