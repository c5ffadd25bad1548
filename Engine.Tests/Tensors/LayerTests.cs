namespace Engine.Tests.Tensors;

public sealed class LayerTests : IsolatedTests
{
    [Fact]
    public void Activation_layers_apply_their_operation()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([-3f, -0.5f, 0, 0.25f, 2], [5]);
        foreach ((Module layer, Tensor expected) in ((Module, Tensor)[])
            [(new Gelu(), x.Gelu()), (new Gelu(approximate: true), x.Gelu(approximate: true)), (new Silu(), x.Silu()),
                (new Elu(0.5), x.Elu(0.5)), (new Softplus(), x.Softplus())])
        {
            Assert.Equal(expected.ToArray(), layer.Forward(x).ToArray());
            Assert.Empty(layer.Parameters);
            layer.Dispose();
        }
    }

    [Fact]
    public void A_gated_layer_is_a_product_times_the_sigmoid_of_another()
    {
        using GatedLinear layer = new(2, 3, ModuleOptions.FromSeed(1, Cpu) with { DType = DType.Float64 });
        double[] w = layer.Parameters[0].ToDoubles(), b = layer.Parameters[1].ToDoubles(), x = [0.5, -2];
        Assert.Equal(["linear.weight", "linear.bias"], layer.NamedParameters().Select(named => named.Name));
        using Tape tape = new(Cpu);
        double[] y = layer.Forward(Tensor.From(x, [1, 2])).ToDoubles();
        for (int i = 0; i < 3; i++)
            Assert.Equal(Product(i) / (1 + Math.Exp(-Product(i + 3))), y[i], 1e-12);
        Assert.Throws<ArgumentOutOfRangeException>(() => new GatedLinear(2, 0, ModuleOptions.FromSeed(1, Cpu)));

        double Product(int column) => (x[0] * w[column]) + (x[1] * w[6 + column]) + b[column];
    }

    [Fact]
    public void Activations_of_extreme_numbers_and_their_gradients_are_what_they_tend_to()
    {
        foreach ((Func<Tensor, Tensor> function, float below, float slopeBelow) in ((Func<Tensor, Tensor>, float, float)[])
            [(x => x.Gelu(), 0, 0), (x => x.Gelu(approximate: true), 0, 0), (x => x.Silu(), 0, 0), (x => x.Elu(2), -2, 0),
                (x => x.Softplus(), 0, 0)])
        {
            using Tape tape = new(Cpu);
            Tensor x = tape.Watch(Tensor.From([-1e30f, -1e4f, 1e4f, 1e30f], [4]));
            Tensor y = function(x);
            Assert.Equal([below, below, 1e4f, 1e30f], Array.ConvertAll(y.ToArray(), value => value + 0f));
            Assert.Equal([slopeBelow, slopeBelow, 1, 1], Array.ConvertAll(tape.Gradient(y.Sum(), x).ToArray(), value => value + 0f));
        }
    }

    [Theory]
    [InlineData("cpu", DType.Float32)]
    [InlineData("cpu", DType.Float64)]
    [InlineData("simulator", DType.Float32)]
    [InlineData("simulator", DType.Float64)]
    public void A_product_without_terms_is_its_bias(string name, DType type)
    {
        using Device device = Device.Open(name);
        using Tape tape = new(device);
        Tensor x = tape.Watch(Tensor.Zeros([2, 0], type)), weight = tape.Watch(Tensor.Zeros([0, 3], type)),
            bias = tape.Watch(Tensor.From([1.0, -2, 3], [3]).Cast(type));
        Tensor y = x.Linear(weight, bias, Activation.Relu);
        Assert.Equal(new Shape(2, 3), y.Shape);
        Assert.Equal([1, 0, 3, 1, 0, 3], y.ToDoubles());
        Assert.Equal(new double[6], x.Linear(weight).ToDoubles());
        Tensor[] gradients = tape.Gradients(y.Sum(), [x, weight, bias]);
        Assert.Equal([new Shape(2, 0), new Shape(0, 3), new Shape(3)], gradients.Select(gradient => gradient.Shape));
        Assert.Equal([2, 0, 2], gradients[2].ToDoubles());
    }

    [Theory]
    [InlineData(1, 0, 0, 1, 1)]
    [InlineData(2, 1, 0, 1, 2)]
    [InlineData(1, 4, 0, 2, 1)]
    public void Convolutions_of_sequences_are_those_of_images_of_one_row(
        int stride, int before, int after, int dilation, int groups)
    {
        using Tape tape = new(Cpu);
        ModuleOptions options = ModuleOptions.FromSeed(3, Cpu);
        using Conv1d layer = new(4, 6, 3, options, stride, (before, after), dilation, groups);
        Assert.Equal([3, 4 / groups, 6], layer.Weight.Shape.ToArray());
        double bound = 1 / Math.Sqrt(3 * 4 / groups);
        Assert.All(layer.Weight.ToArray().Concat(layer.Bias!.ToArray()), value => Assert.InRange(value, -bound, bound));
        Tensor x = Tensor.Normal([2, 9, 4], new RandomStream(1));
        Conv2dOptions images = new()
        {
            StrideWidth = stride, DilationWidth = dilation, Groups = groups, Padding = new Conv2dPadding(0, 0, before, after),
        };
        Tensor expected = x.Reshape(2, 1, 9, 4).Conv2d(layer.Weight.Reshape(1, 3, 4 / groups, 6), layer.Bias, images);
        Tensor found = layer.Forward(x);
        Assert.Equal(expected.Count, found.Count);
        Assert.Equal(expected.ToArray(), found.ToArray());
        Assert.Equal(found.Relu().ToArray(), new Sequential(layer, new Relu()).Forward(x).ToArray());
        using Conv1d bare = new(1, 1, 1, options, bias: false, weightInitializer: Initializers.Constant(2));
        Assert.Null(bare.Bias);
        Assert.Equal([2f, 4], bare.Forward(Tensor.From([1f, 2], [1, 2, 1])).ToArray());
        RefusedWith("Conv1d: padding must not be negative, found -1 and 0.", () => new Conv1d(1, 1, 1, options, padding: (-1, 0)));
        RefusedWith("Conv1d: expected groups that divide 3 inputs and 4 outputs, found 2.", () => new Conv1d(3, 4, 1, options, groups: 2));
    }

    [Fact]
    public void Instance_normalisation_is_group_normalisation_with_a_group_for_each_channel()
    {
        using Tape tape = new(Cpu);
        ModuleOptions options = ModuleOptions.FromSeed(3, Cpu);
        using InstanceNorm layer = new(4, options, epsilon: 1e-3);
        using GroupNorm groups = new(4, 4, options, epsilon: 1e-3);
        Tensor x = Tensor.Normal([2, 3, 5, 4], new RandomStream(1), 7, 2);
        Assert.Equal(2, layer.Parameters.Count);
        Assert.Equal(groups.Forward(x).ToArray(), layer.Forward(x).ToArray());
        using InstanceNorm bare = new(4, options, affine: false);
        Assert.Empty(bare.Parameters);
        Assert.Equal(x.InstanceNorm().ToArray(), bare.Forward(x).ToArray());
        RefusedWith("InstanceNorm: expected images [N, ..., 4], found shape [2, 3].", () => bare.Forward(Tensor.Ones([2, 3])));
        RefusedWith<ArgumentOutOfRangeException>("InstanceNorm: channels must be at least 1, found 0.", () => new InstanceNorm(0, options));
        RefusedWith<ArgumentOutOfRangeException>(
            "InstanceNorm: epsilon must be positive and finite, found 0.", () => new InstanceNorm(4, options, epsilon: 0));
    }

    [Fact]
    public void The_two_forms_of_gelu_are_close()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([.. Enumerable.Range(-60, 121).Select(i => i / 10f)], [121]);
        Assert.InRange((x.Gelu() - x.Gelu(approximate: true)).Abs().Max().Item(), 1e-5, 1e-3);
    }

    [Fact]
    public void An_embedding_picks_rows_and_sums_their_gradients()
    {
        using Embedding embedding = new(5, 3, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        float[] table = embedding.Weight.ToArray();
        Tensor picked = embedding.Forward(Tensor.From([4, 0, 4, 2], [2, 2]));
        Assert.Equal(new Shape(2, 2, 3), picked.Shape);
        Assert.Equal([.. table[12..15], .. table[0..3], .. table[12..15], .. table[6..9]], picked.ToArray());
        Tensor weights = Tensor.From([1f, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3]);
        Tensor gradient = tape.Gradient((picked * weights).Sum(), embedding.Weight);
        Assert.Equal([4, 5, 6, 0, 0, 0, 10, 11, 12, 0, 0, 0, 8, 10, 12], gradient.ToArray());
    }

    [Fact]
    public void An_embedding_starts_normal()
    {
        using Embedding embedding = new(1000, 50, ModuleOptions.FromSeed(2, Cpu));
        float[] table = embedding.Weight.ToArray();
        double mean = table.Average(x => (double)x);
        Assert.InRange(mean, -0.02, 0.02);
        Assert.InRange(table.Average(x => (x - mean) * (x - mean)), 0.97, 1.03);
        Assert.Equal(("weight", new Shape(1000, 50)), (embedding.Weight.Name, embedding.Weight.Shape));
    }

    [Fact]
    public void An_embedding_refuses_what_is_no_index()
    {
        using Embedding embedding = new(5, 3, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        RefusedWith("Embedding: expected indices of Int32, found Float32 [2].", () => embedding.Forward(Tensor.Zeros([2])));
        Refused<ArgumentOutOfRangeException>("expected indices of the 5 rows of the table, found 5 at position 1",
            () => embedding.Forward(Tensor.From([0, 5], [2])));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Embedding(0, 3, ModuleOptions.FromSeed(1, Cpu)));
    }

    [Fact]
    public void Embeddings_of_any_number_of_threads_have_the_same_gradient()
    {
        float[]? first = null;
        foreach (CpuDevice host in OperationDevices.Hosts)
        {
            using Embedding embedding = new(11, 96, ModuleOptions.FromSeed(3, host));
            using Tape tape = new(host);
            int[] indices = [.. Enumerable.Range(0, 2000).Select(i => i * i % 11)];
            Tensor gradient = tape.Gradient(embedding.Forward(Tensor.From(indices, [2000])).Square().Sum(), embedding.Weight);
            first ??= gradient.ToArray();
            Assert.Equal(first, gradient.ToArray());
        }
    }
}
