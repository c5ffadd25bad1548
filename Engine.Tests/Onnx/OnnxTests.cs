using Engine.Models.Adversarial;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Diffusion;
using Engine.Models.Onnx;

namespace Engine.Tests.Onnx;

public sealed class OnnxTests : IsolatedTests
{
    /// <summary>With <c>ENGINE_WRITE_DOCS=1</c> it is written first.</summary>
    [Fact]
    public void The_page_has_the_table_of_operations()
    {
        string page = File.ReadAllText(OnnxOperationTable.Path), written = SpecialValueTable.In(page, OnnxOperationTable.Header);
        string table = OnnxOperationTable.Write();
        if (Environment.GetEnvironmentVariable("ENGINE_WRITE_DOCS") == "1")
            File.WriteAllText(OnnxOperationTable.Path, page.Replace(written, written = table, StringComparison.Ordinal));
        Assert.Equal(table, written);
    }

    [Fact]
    public void A_network_of_images_keeps_its_axes_and_takes_any_number_of_them()
    {
        string path = Folder["model.onnx"];
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Sequential model = new(
            new Conv2d(2, 3, 3, options, padding: 1), new Relu(), new MaxPool2d(2), new ConvTranspose2d(3, 2, 2, options, stride: 2),
            new Flatten(), new Linear(32, 5, options));
        model.ExportOnnx(path, Tensor.Zeros([1, 4, 4, 2], device: Cpu));
        Assert.True(model.IsTraining);
        Assert.Equal(["model.onnx"], Directory.GetFiles(Folder.Path).Select(Path.GetFileName));

        OnnxFile file = new(File.ReadAllBytes(path));
        file.CheckNames();
        Assert.Equal((8, 18), (file.Version, file.Opset));
        OnnxValue input = Assert.Single(file.Inputs), output = Assert.Single(file.Outputs);
        Assert.Equal(("input", 1, "batch, 4, 4, 2"), (input.Name, input.Type, input.Extents));
        Assert.Equal(("output", 1, "batch, 5"), (output.Name, output.Type, output.Extents));

        // Channels come first once and last once.
        Assert.Equal("Transpose Conv Relu MaxPool ConvTranspose Transpose Reshape MatMul Add Identity", file.Operators);
        Assert.Equal([0, 3, 1, 2], file.Nodes[0].Longs("perm"));
        Assert.Equal([1, 1, 1, 1], file.Nodes[1].Longs("pads"));
        Assert.Equal([2, 2], file.Nodes[4].Longs("strides"));
        Assert.Equal([-1, 32], file.Constants[file.Nodes[6].Inputs[1]].Values);

        // Here [height, width, inputs, outputs], there [outputs, inputs, height, width]
        OnnxConstant weight = file.Constants["0.weight"];
        Assert.Equal([3, 2, 3, 3], weight.Extents);
        double[] own = model.Parameters[0].ToDoubles();
        Assert.Equal(own[(((1 * 3) + 2) * 2 * 3) + (1 * 3) + 2], weight.Values[(((2 * 2) + 1) * 9) + (1 * 3) + 2]);
        Assert.Equal(model.Parameters[^1].ToDoubles(), file.Constants["5.bias"].Values);
    }

    public static TheoryData<string> Models => ["generator", "decoder", "pixelcnn", "unet", "transformer"];

    /// <summary>docs/onnx/check.cs holds what a runtime computes from files like these against the engine.</summary>
    [Theory, MemberData(nameof(Models))]
    public void A_model_is_written_for_any_number_of_samples(string name)
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Unet unet = new(new UnetOptions { Width = 2, Multipliers = [1, 2], Groups = 2, TimeFeatures = 4, TimeWidth = 4 }, options);
        (Module model, Tensor example) = name switch
        {
            "generator" => (Dcgan.Generator(options, latent: 3, width: 2), Tensor.Zeros([1, 3], device: Cpu)),
            "decoder" => (new Sequential(
                new Linear(2, 18, options), new Relu(), new Unflatten(3, 3, 2), new ConvTranspose2d(2, 1, 4, options, 2, 1)),
                Tensor.Zeros([2, 2], device: Cpu)),
            "pixelcnn" => (new GatedPixelCnn(new PixelCnnSizes { Layers = 2, Features = 2, Positions = (5, 5) }, options),
                Tensor.Zeros([1, 5, 5, 1], device: Cpu)),
            "unet" => (unet, Tensor.Zeros([1, 4, 4, 1], device: Cpu)),
            _ => ((Module)new Transformer(new TransformerOptions(5) { Block = 4, Layers = 1, Heads = 2, Width = 4 }, options),
                Tensor.From([0, 1, 2, 3], [1, 4], Cpu)),
        };
        model.Eval();
        OnnxInput[] inputs = [new("x", example), .. name == "unet" ? [new("steps", Tensor.From([3], [1], Cpu))] : Array.Empty<OnnxInput>()];
        OnnxFile file = OnnxFile.Of(given => name == "unet" ? unet.Predict(given[0], given[1], 10) : model.Forward(given[0]), inputs);
        file.CheckNames();
        using Tape tape = new(Cpu, record: false);
        Assert.Equal($"batch{model.Forward(example).Shape.ToString()[2..^1]}", file.Outputs[0].Extents);

        // Every parameter is there, in some shape.
        Assert.True(file.Constants.Values.Sum(constant => constant.Extents.Aggregate(1L, (a, b) => a * b)) >= model.ParameterCount);
        model.Dispose();
    }

    [Fact]
    public void Masked_taps_of_a_convolution_are_zeros()
    {
        Tensor weight = Tensor.Ones([3, 3, 1, 1], device: Cpu);
        OnnxFile file = Of(x => x.MaskedConv2d(weight, null, ConvMask.A), Tensor.Zeros([1, 3, 3, 1], device: Cpu));
        Assert.Equal([1, 1, 1, 1, 0, 0, 0, 0, 0], Assert.Single(file.Constants.Values).Values);
    }

    [Fact]
    public void Several_inputs_and_outputs_have_their_names()
    {
        string path = Folder["encoder.onnx"];
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using GaussianEncoder encoder = new(new Linear(3, 4, options), 4, 2, options);
        encoder.ExportOnnx(
            path,
            inputs =>
            {
                (Tensor mean, Tensor logVariance) = encoder.Parameterize(inputs[0]);
                return [("mean", mean), ("logvar", logVariance), ("z", Sampling.Reparameterize(mean, logVariance, inputs[1]))];
            },
            [new OnnxInput("image", Tensor.Zeros([2, 3], device: Cpu)), new OnnxInput("noise", Tensor.Zeros([2, 2], device: Cpu))]);
        OnnxFile file = new(File.ReadAllBytes(path));
        file.CheckNames();
        Assert.Equal(["image: batch, 3", "noise: batch, 2"], file.Inputs.Select(value => $"{value.Name}: {value.Extents}"));
        Assert.Equal(
            ["mean: batch, 2", "logvar: batch, 2", "z: batch, 2"], file.Outputs.Select(value => $"{value.Name}: {value.Extents}"));
        Assert.Equal(["body.bias", "body.weight", "logvar.bias", "logvar.weight", "mean.bias", "mean.weight"],
            file.Constants.Keys.Where(name => name.Contains('.')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_follows_the_number_of_samples_is_computed_from_it()
    {
        OnnxFile file = Of(x => x + Tensor.Full(x.Shape, 2), Tensor.Zeros([2, 3], device: Cpu));
        Assert.Equal("Shape Concat Expand Add Identity", file.Operators);

        // Rows of a batch of sequences
        file = Of(x => x.Reshape(x.Shape[0] * 3, 4).Sum(0), Tensor.Zeros([2, 3, 4], device: Cpu));
        Assert.Equal("Reshape ReduceSum Identity", file.Operators);
        Assert.Equal("4", file.Outputs[0].Extents);
        file = Of(x => x.Reshape(x.Shape[0] * 3, 4), Tensor.Zeros([2, 3, 4], device: Cpu));
        Assert.Equal("3 batch, 4", file.Outputs[0].Extents);
    }

    [Fact]
    public void What_depends_on_the_number_of_samples_otherwise_takes_a_fixed_one()
    {
        Tensor example = Tensor.Zeros([2, 3], device: Cpu);
        Refused("Affine has no ONNX form for any number of samples: how often or with which constants it runs depends on it.",
            x => x / 1 * x.Shape[0], example);
        Refused("Slice has no ONNX form for any number of samples: which part it takes depends on it.",
            x => x.Slice(0, 1, x.Shape[0] - 1), example);
        Refused("A constant [2, 1] has no ONNX form for any number of samples: what its elements are depends on it.",
            x => x + Tensor.From([.. Enumerable.Range(0, x.Shape[0]).Select(i => (float)i)], [x.Shape[0], 1]), example);
        Refused("ExportOnnx: expected extents that are multiples of the number of samples, found 3 for 2 and 4 for 3.",
            x => x.Pad(0, 1, 0), example);
        OnnxFile file = Of(x => x.Slice(0, 1, x.Shape[0] - 1) * x.Shape[0], example, dynamicBatch: false);
        Assert.Equal(("2, 3", "1, 3"), (file.Inputs[0].Extents, file.Outputs[0].Extents));
    }

    [Fact]
    public void What_depends_on_no_input_is_a_constant()
    {
        Tensor weight = Tensor.Normal([3, 2], new RandomStream(1), device: Cpu);
        OnnxFile file = Of(x => x.MatMul(weight.SpectralNorm(Tensor.Ones([2]), Tensor.Ones([3]))), Tensor.Zeros([1, 3], device: Cpu));
        Assert.Equal("MatMul Identity", file.Operators);
        Assert.Single(file.Constants);
        Assert.Equal("Identity", Of(x => Tensor.Ones([2]), Tensor.Zeros([1, 3], device: Cpu)).Operators);
    }

    [Fact]
    public void An_operation_without_an_ONNX_form_is_named()
    {
        Tensor x = Tensor.Ones([2, 2], device: Cpu);
        Refused("TriangularSolve has no ONNX form, found it computing Float32 [2, 2].", x => x.TriangularSolve(x, lower: true) + 1, x,
            dynamicBatch: false);
        Refused("Sort has no ONNX form", x => x.Sort(), x);
        Refused("Normal has no ONNX form", x => x + Tensor.Normal(x.Shape, new RandomStream(1)), x);
        Refused("Dropout has no ONNX form", x => x.Dropout(0.5, new RandomStream(1)), x);
        Refused("BatchNorm in training mode has no ONNX form", x => x.BatchNorm(null, null, null, null, training: true), x);
        Refused("OfAUser has no ONNX form, found it from [2, 2] to [2, 2].", x => x.Apply(default(OfAUser), (g, _, _) => g), x);
        Refused("Recorded has no ONNX form", x =>
        {
            Tensor y = Tape.Current!.NewTensor(x.Shape, x.DType);
            Move.Copy(x.Storage, y.Storage);
            return Tape.Current!.Record("Recorded", y, new Rule(x, g => g));
        }, x);

        // One that no output needs is not missed.
        Assert.Equal("Relu Identity", Of(x =>
        {
            x.Sort();
            return x.Relu();
        }, x).Operators);
    }

    [Fact]
    public void Elements_cannot_be_read_while_a_trace_is_made()
    {
        Tensor x = Tensor.Ones([1, 1], device: Cpu);
        RefusedWith<InvalidOperationException>(
            "ToDoubles: while a trace is made, elements that depend on its inputs cannot be read", () => Of(x => x * (x + 1).Item(), x));
        using Tape tape = new(Cpu);
        Assert.Equal(2, (x + 1).Item());
    }

    [Fact]
    public void Examples_that_do_not_fit_are_refused()
    {
        using Flatten module = new();
        Tensor x = Tensor.Ones([1, 1], device: Cpu), y = Tensor.Ones([2, 1], device: Cpu);
        void Export(params OnnxInput[] inputs) => module.ExportOnnx(Folder["x.onnx"], given => [("y", given[0])], inputs);
        RefusedWith<ArgumentException>("ExportOnnx: expected at least one input, found none.", () => Export());
        RefusedWith<ArgumentException>(
            "ExportOnnx: expected examples of 1 samples each, found [2, 1] for input 'b'.", () => Export(new("a", x), new("b", y)));
        RefusedWith<ArgumentException>(
            "ExportOnnx: expected an example [batch, ...] with at least one sample for input 'a', found [].",
            () => Export(new OnnxInput("a", Tensor.Ones([], device: Cpu))));
        Assert.False(File.Exists(Folder["x.onnx"]));
    }

    private static OnnxFile Of(Func<Tensor, Tensor> forward, Tensor example, bool dynamicBatch = true)
    {
        OnnxFile file = OnnxFile.Of(given => forward(given[0]), [new OnnxInput("x", example)], dynamicBatch);
        file.CheckNames();
        return file;
    }

    private static void Refused(string start, Func<Tensor, Tensor> forward, Tensor example, bool dynamicBatch = true) =>
        RefusedWith<OnnxException>(start, () => Of(forward, example, dynamicBatch));

    private readonly struct OfAUser : IUnaryOp
    {
        public T Apply<T>(T x) where T : unmanaged, ILane<T> => x;
    }
}
