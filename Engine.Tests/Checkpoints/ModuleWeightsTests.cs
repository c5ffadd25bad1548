namespace Engine.Tests.Checkpoints;

public sealed class ModuleWeightsTests : IsolatedTests
{
    /// <summary>
    /// The header of the state_dict of a Sequential of a Linear(3, 2) and a layer with a kernel, [outputs 2, inputs 3, height 1, width 2],
    /// and statistics.
    /// </summary>
    private const string Header =
        """{"__metadata__":{"format":"pt"},"0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}"""
        + ""","0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}"""
        + ""","1.weight":{"dtype":"F32","shape":[2,3,1,2],"data_offsets":[32,80]}"""
        + ""","1.running_mean":{"dtype":"F32","shape":[2],"data_offsets":[80,88]}"""
        + ""","1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[88,96]}}""";

    private string Weights => Folder["model.safetensors"];

    [Fact]
    public void A_file_of_PyTorch_made_by_hand_is_loaded_with_its_axes_turned()
    {
        byte[] data =
        [
            0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xA0, 0x40,
            0, 0, 0xC0, 0x40, 0, 0, 0xE0, 0x40,
            .. SafetensorsBytes.Floats([.. Enumerable.Range(100, 12).Select(i => (float)i)]),
            0, 0, 0xA0, 0x41, 0, 0, 0xA8, 0x41,
            7, 0, 0, 0, 0, 0, 0, 0,
        ];
        File.WriteAllBytes(Weights, SafetensorsBytes.Of(Header, data));
        using Sequential model = Model(1);
        model.LoadSafetensors(Weights, WeightLayout.PyTorch);

        // PyTorch's y = x Wᵀ + b with W = [[0, 1, 2], [3, 4, 5]]; here y = x W + b.
        Assert.Equal([0, 3, 1, 4, 2, 5], model.Parameters[0].ToArray());
        Assert.Equal([6, 7], model.Parameters[1].ToArray());

        // There [o, i, h, w] is 100 + 6 o + 2 i + w, here it stands at [h, w, i, o].
        Assert.Equal([100, 106, 102, 108, 104, 110, 101, 107, 103, 109, 105, 111], model.Parameters[2].ToArray());
        Assert.Equal([20, 21], model.NamedBuffers().Single().Buffer.ToArray());
        using Tape tape = new(Cpu);
        Assert.Equal([6 + 8, 7 + 26], model.Layers[0].Forward(Tensor.From([1f, 2, 3], [1, 3])).ToArray());
    }

    [Theory, Values(WeightLayout.Engine, WeightLayout.PyTorch)]
    public void What_is_saved_is_loaded_to_the_bit_in_either_layout(WeightLayout layout)
    {
        using Sequential model = Model(1), other = Model(2);
        model.SaveSafetensors(Weights, layout);
        long before = Cpu.MemoryInUse;
        other.LoadSafetensors(Weights, layout);
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.Equal(Values(model), Values(other));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        Assert.Equal(layout == WeightLayout.PyTorch ? [2L, 3, 1, 2] : [1L, 2, 3, 2], file.Find("1.weight").Extents);
    }

    [Fact]
    public void Narrower_numbers_are_widened_and_a_prefix_picks_a_part()
    {
        byte[] halves = [.. new[] { 0.5, 1, 2, 3, 4, 5 }.SelectMany(x => BitConverter.GetBytes((Half)x))];
        File.WriteAllBytes(Weights, SafetensorsBytes.Of(
            """{"net.weight":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}"""
            + ""","other":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}""", [.. halves, 9]));
        using Linear layer = new(3, 2, new ModuleOptions(new RandomStream(1), Cpu, DType.Float64), bias: false);
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        layer.LoadSafetensors(file, WeightLayout.PyTorch, "net.");
        Assert.Equal([0.5, 3, 1, 4, 2, 5], layer.Weight.ToDoubles());
    }

    [Theory]
    [InlineData("""{"weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}}""",
        "expected a tensor 'bias', found none of that name among 1.")]
    [InlineData("""{"weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}"""
        + ""","bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}""",
        "tensor 'weight': expected the shape [3, 2], found F32 [2, 2].")]
    [InlineData("""{"weight":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}""",
        "tensor 'weight': expected the shape [3, 2], found F32 [6].")]
    [InlineData("""{"weight":{"dtype":"I16","shape":[3,2],"data_offsets":[0,12]}"""
        + ""","bias":{"dtype":"F32","shape":[3],"data_offsets":[12,24]}}""",
        "tensor 'weight': expected floating-point numbers, found I16 [3, 2].")]
    public void What_does_not_fit_is_refused_and_nothing_is_set(string header, string sentence)
    {
        File.WriteAllBytes(Weights, SafetensorsBytes.Of(header, new byte[24]));
        using Linear layer = new(2, 3, ModuleOptions.FromSeed(1, Cpu));
        using Linear expected = new(2, 3, ModuleOptions.FromSeed(1, Cpu));
        Refuse(layer, sentence);
        Assert.Equal(Values(expected), Values(layer));
    }

    [Fact]
    public void A_tensor_without_a_place_is_refused_unless_such_are_to_be_ignored()
    {
        const string header =
            """{"weight":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]}"""
            + ""","bias":{"dtype":"F16","shape":[2],"data_offsets":[12,16]},"scale":{"dtype":"F64","shape":[1],"data_offsets":[16,24]}}""";
        File.WriteAllBytes(Weights, SafetensorsBytes.Of(header, new byte[24]));
        using Linear layer = new(3, 2, ModuleOptions.FromSeed(1, Cpu));
        using Linear expected = new(3, 2, ModuleOptions.FromSeed(1, Cpu));
        Refuse(layer, "tensor 'scale': expected only what the Linear has a place for, found F64 [1].");
        Assert.Equal(Values(expected), Values(layer));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        layer.LoadSafetensors(file, WeightLayout.PyTorch, ignoreExtra: true);
        Assert.All(Values(layer), x => Assert.Equal(0, x));
    }

    private void Refuse(Module module, string sentence) => RefusedWith<CheckpointException>($"{Weights}: {sentence}",
        () => module.LoadSafetensors(Weights, WeightLayout.PyTorch));

    private Sequential Model(long seed)
    {
        ModuleOptions options = ModuleOptions.FromSeed(seed, Cpu);
        return new Sequential(new Linear(3, 2, options), new Kernel(options));
    }

    private static double[] Values(Module module) =>
        [.. module.Parameters.SelectMany(parameter => parameter.ToDoubles()),
            .. module.NamedBuffers().SelectMany(buffer => buffer.Buffer.ToDoubles())];

    private sealed class Kernel : Module
    {
        internal Kernel(ModuleOptions options)
        {
            NewParameter("weight", [1, 2, 3, 2], Initializers.HeNormal, options, ParameterLayout.OutputsLast);
            NewBuffer("running_mean", [2], Initializers.Normal(0, 1), options);
        }

        public override Tensor Forward(Tensor x) => x;
    }
}
