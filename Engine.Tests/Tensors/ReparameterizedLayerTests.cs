using Engine.Autograd.Checkpoints;

namespace Engine.Tests.Tensors;

/// <summary>Spectral and weight normalisation as layers; their formulas are cases of the registry.</summary>
public sealed class ReparameterizedLayerTests : IsolatedTests
{
    private static readonly Shape s_image = [2, 5, 5, 6];

    private ModuleOptions Options => new(new(3), Cpu, DType.Float64);

    public static TheoryData<string> Layers => ["Linear", "Conv2d", "ConvTranspose2d", "Conv2d in groups"];

    [Theory, MemberData(nameof(Layers))]
    public void Power_iteration_finds_the_largest_singular_value(string name)
    {
        (Module layer, Tensor x) = Make(name);
        using SpectralNorm normed = new(layer, new(5), iterations: 400);
        using Tape tape = new(Cpu);
        normed.Forward(x);
        normed.Eval();
        Parameter weight = normed.InnerWeight;
        Tensor effective = normed.EffectiveWeight();
        double sigma = Largest(weight, OutputAxis(name));
        Assert.All(weight.ToDoubles().Zip(effective.ToDoubles()), pair => Assert.Equal(pair.First / sigma, pair.Second, 1e-9));
        Assert.Equal(1, Largest(effective, OutputAxis(name)), 1e-9);

        // In training one step at a time comes to the same, from the vectors of the last pass.
        using SpectralNorm slow = new(Make(name).Layer, new(5));
        for (int i = 0; i < 400; i++) slow.Forward(x);
        Assert.Equal(effective.ToDoubles(), slow.EffectiveWeight().ToDoubles().Select(w => w), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Theory, MemberData(nameof(Layers))]
    public void Gradients_are_those_of_the_largest_singular_value(string name)
    {
        (Module layer, Tensor x) = Make(name);
        using SpectralNorm normed = new(layer, new(5), iterations: 300);
        CheckGradient(normed.InnerWeight, () => (normed.Forward(x) * 0.1).Exp().Sum());
    }

    [Theory, MemberData(nameof(Layers))]
    public void Weight_normalisation_begins_as_the_layer_and_trains_length_and_direction(string name)
    {
        (Module layer, Tensor x) = Make(name);
        using WeightNorm normed = new(layer);
        using (Tape tape = new(Cpu))
            Assert.Equal(layer.Forward(x).ToDoubles(), normed.Forward(x).ToDoubles(), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(["weight_g", "layer.weight", "layer.bias"], normed.NamedParameters().Select(named => named.Name));
        CheckGradient(normed.InnerWeight, () => (normed.Forward(x) * 0.1).Exp().Sum());
        CheckGradient(normed.Magnitude, () => (normed.Forward(x) * 0.1).Exp().Sum());
    }

    [Fact]
    public void Singular_vectors_are_part_of_the_state_and_stay_in_evaluation()
    {
        using SpectralNorm normed = new(Make("Linear").Layer, new(5));
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([2, 7], DType.Float64);
        double[] before = normed.U.ToDoubles();
        normed.Forward(x);
        double[] after = normed.U.ToDoubles();
        Assert.NotEqual(before, after);
        normed.Eval();
        normed.Forward(x);
        Assert.Equal(after, normed.U.ToDoubles());
        Assert.Equal(["u", "v"], normed.NamedBuffers().Select(named => named.Name));
        normed.SaveSafetensors(Folder["layer.safetensors"]);
        using SpectralNorm other = new(new Linear(7, 4, Options), new(6));
        other.LoadSafetensors(Folder["layer.safetensors"]);
        other.Eval();
        Assert.Equal(normed.EffectiveWeight().ToDoubles(), other.EffectiveWeight().ToDoubles());
    }

    [Fact]
    public void Two_passes_before_a_gradient_keep_what_they_worked_with()
    {
        using SpectralNorm normed = new(Make("Linear").Layer, new(5));
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([2, 7], DType.Float64);
        Tensor loss = normed.Forward(x).Sum() - normed.Forward(x).Square().Sum();
        Assert.All(tape.Gradient(loss, normed.InnerWeight).ToDoubles(), g => Assert.True(double.IsFinite(g)));
    }

    [Fact]
    public void An_activation_that_follows_is_fused_and_the_simulator_agrees()
    {
        double[][] results = [.. new Device[] { Cpu, OperationDevices.Gpu }.Select(device =>
        {
            ModuleOptions options = new(new(3), device, DType.Float64);
            using Sequential model = new(new SpectralNorm(new Linear(7, 4, options), new(5)), new Relu(),
                new WeightNorm(new Linear(4, 3, options)), new Tanh());
            using Tape tape = new(device);
            Tensor x = Tensor.Full([2, 7], 0.3, DType.Float64);
            Tensor y = model.Forward(x);
            return (double[])[.. y.ToDoubles(), .. tape.Gradients(y.Sum(), [.. model.Parameters]).SelectMany(g => g.ToDoubles())];
        })];
        Assert.Equal(results[0], results[1], (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void What_has_no_weight_or_no_direction_is_refused()
    {
        RefusedExactly<ArgumentException>(
            "SpectralNorm: expected a layer whose weight can be replaced (IWeightedLayer), found Relu.",
            () => new SpectralNorm(new Relu(), new(1)));
        RefusedWith<ArgumentOutOfRangeException>("SpectralNorm: expected at least 1 iteration, found 0.",
            () => new SpectralNorm(new Linear(2, 3, Options), new(1), iterations: 0));
        RefusedExactly<ArgumentException>(
            "WeightNorm: expected weights that have a direction, found those of output 0 to be 0 or NaN.",
            () => new WeightNorm(new Linear(2, 3, Options, weightInitializer: Initializers.Zeros)));
    }

    private (Module Layer, Tensor X) Make(string name)
    {
        Random random = new(7);
        Module layer = name switch
        {
            "Linear" => new Linear(7, 4, Options),
            "Conv2d" => new Conv2d(6, 5, 3, Options),
            "ConvTranspose2d" => new ConvTranspose2d(6, 5, 4, Options, stride: 2),
            _ => new Conv2d(6, 4, 3, Options, groups: 2),
        };
        Shape shape = name == "Linear" ? [2, 7] : s_image;
        using Tape tape = new(Cpu);
        return (layer, tape.Keep(Tensor.From([.. Enumerable.Range(0, shape.Count).Select(_ => random.NextDouble())], shape)));
    }

    private static int OutputAxis(string name) => name switch { "Linear" => 1, "ConvTranspose2d" => 2, _ => 3 };

    /// <summary>The largest singular value, by the symmetric eigenvalues of M^T M, which Jacobi's rotations find.</summary>
    private static double Largest(Tensor weight, int outputAxis)
    {
        int outputs = weight.Shape[outputAxis];
        double[] values = weight.ToDoubles();
        int[] output = Array.ConvertAll(Places.All(weight.Shape), place => place[outputAxis]);
        List<double>[] columns = [.. Enumerable.Range(0, outputs).Select(_ => new List<double>())];
        for (int i = 0; i < values.Length; i++) columns[output[i]].Add(values[i]);
        double[,] a = new double[outputs, outputs];
        for (int i = 0; i < outputs; i++)
            for (int j = 0; j < outputs; j++) a[i, j] = columns[i].Zip(columns[j], (x, y) => x * y).Sum();
        for (int sweep = 0; sweep < 60; sweep++)
        {
            for (int p = 0; p < outputs; p++)
                for (int q = p + 1; q < outputs; q++) Rotate(a, p, q);
        }

        return Math.Sqrt(Enumerable.Range(0, outputs).Max(i => a[i, i]));
    }

    private static void Rotate(double[,] a, int p, int q)
    {
        if (a[p, q] == 0) return;
        double theta = 0.5 * Math.Atan2(2 * a[p, q], a[q, q] - a[p, p]), c = Math.Cos(theta), s = Math.Sin(theta);
        int n = a.GetLength(0);
        for (int k = 0; k < n; k++) (a[k, p], a[k, q]) = ((c * a[k, p]) - (s * a[k, q]), (s * a[k, p]) + (c * a[k, q]));
        for (int k = 0; k < n; k++) (a[p, k], a[q, k]) = ((c * a[p, k]) - (s * a[q, k]), (s * a[p, k]) + (c * a[q, k]));
    }

    /// <summary>The gradient along a direction beside a central difference.</summary>
    private void CheckGradient(Parameter parameter, Func<Tensor> loss)
    {
        double[] at = parameter.ToDoubles();
        Random random = new(11);
        double[] direction = [.. at.Select(_ => random.NextDouble() - 0.5)];
        double slope;
        using (Tape tape = new(Cpu)) slope = tape.Gradient(loss(), parameter).ToDoubles().Zip(direction, (g, d) => g * d).Sum();
        const double Step = 1e-5;
        double difference = (At(Step) - At(-Step)) / (2 * Step);
        At(0);
        Assert.Equal(difference, slope, 1e-6 * Math.Max(1, Math.Abs(difference)));

        double At(double step)
        {
            parameter.Storage.CopyFrom<double>([.. at.Zip(direction, (x, d) => x + (step * d))]);
            parameter.Storage.Version++;
            using Tape tape = new(Cpu, record: false);
            return loss().Item();
        }
    }
}
