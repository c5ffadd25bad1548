using Engine.Autograd;
using Engine.Autograd.Files;
using Engine.Autograd.Nn;
using Engine.Autograd.Tracing;
using Engine.Kernels;
using Engine.Models.Protobuf;
using Google.Protobuf;

namespace Engine.Models.Onnx;

/// <summary>
/// Writes what a module computes as an ONNX file (github.com/onnx/onnx), for other runtimes: the operations that run on an example are
/// traced and written down one by one, the weights as initializers. docs/onnx.md has the operations that have an ONNX form.
/// </summary>
/// <example><code>
/// decoder.ExportOnnx("decoder.onnx", Tensor.Zeros([1, 32]));
/// </code></example>
public static class OnnxExport
{
    /// <summary>The version of ONNX's operators that files are written in.</summary>
    public const int Opset = 18;

    /// <summary>The version of the file format, that of <see cref="Opset"/>.</summary>
    private const int IrVersion = 8;

    /// <summary>The largest message that Protocol Buffers have, in bytes.</summary>
    private const long LargestMessage = int.MaxValue;

    /// <summary>
    /// Writes the module in evaluation mode, from one input to one output, which are called <c>input</c> and <c>output</c>. They have the
    /// axes that they have here: images are [batch, height, width, channels].
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The file; it is replaced whole.</param>
    /// <param name="example">An input of the shape that is wanted, [batch, ...]; its elements do not matter.</param>
    /// <param name="dynamicBatch">True for a file that takes any number of samples; false for one that takes as many as the
    /// example has.</param>
    /// <exception cref="OnnxException">
    /// An operation has no ONNX form, or depends on the number of samples in a way that has none.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void ExportOnnx(this Module module, string path, Tensor example, bool dynamicBatch = true)
    {
        ArgumentNullException.ThrowIfNull(module);
        module.ExportOnnx(path, inputs => [("output", module.Forward(inputs[0]))], [new OnnxInput("input", example)], dynamicBatch);
    }

    /// <summary>Writes a computation with the module in evaluation mode: with several inputs or outputs, or with a part of it.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The file; it is replaced whole.</param>
    /// <param name="forward">From the inputs, in their order, to the outputs with their names.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="dynamicBatch">True for a file that takes any number of samples; false for one that takes as many as the
    /// examples have.</param>
    /// <exception cref="ArgumentException">There is no input, or examples have different numbers of samples or devices.</exception>
    /// <exception cref="OnnxException">An operation has no ONNX form, or depends on the number of samples in a way that has none; or the
    /// file would be larger than 2 GB.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void ExportOnnx(
        this Module module, string path, Func<IReadOnlyList<Tensor>, IReadOnlyList<(string Name, Tensor Value)>> forward,
        IReadOnlyList<OnnxInput> inputs, bool dynamicBatch = true)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(inputs);
        Check(inputs);
        ProtoMessage model;
        using (module.Evaluating()) model = Model(module.GetType().Name, forward, inputs, dynamicBatch);
        if (model.Size > LargestMessage) throw new OnnxException(
            $"ExportOnnx: expected a file of at most {LargestMessage} bytes, found {model.Size}.");
        WholeFile.Write(path, stream =>
        {
            using CodedOutputStream output = new(stream, leaveOpen: true);
            model.WriteTo(output);
        });
    }

    private static void Check(IReadOnlyList<OnnxInput> inputs)
    {
        if (inputs.Count == 0) throw new ArgumentException("ExportOnnx: expected at least one input, found none.");
        int? batch = null;
        foreach (OnnxInput input in inputs)
        {
            ArgumentNullException.ThrowIfNull(input.Example);
            Shape shape = input.Example.Shape;
            if (!ReferenceEquals(input.Example.Device, inputs[0].Example.Device)) throw new ArgumentException(
                $"ExportOnnx: expected examples on one device, found '{inputs[0].Example.Device.Name}' and '{input.Example.Device.Name}'.");
            if (!input.HasBatch) continue;
            if (shape.Rank < 1 || shape[0] < 1) throw new ArgumentException(
                $"ExportOnnx: expected an example [batch, ...] with at least one sample for input '{input.Name}', found {shape}.");
            batch ??= shape[0];
            if (shape[0] != batch) throw new ArgumentException(
                $"ExportOnnx: expected examples of {batch} samples each, found {shape} for input '{input.Name}'.");
        }
    }

    // What depends on the number of samples is found by a second trace with one sample more.
    internal static ProtoMessage Model(
        string name, Func<IReadOnlyList<Tensor>, IReadOnlyList<(string Name, Tensor Value)>> forward, IReadOnlyList<OnnxInput> inputs,
        bool dynamicBatch)
    {
        Device device = inputs[0].Example.Device;
        using Tape first = new(device, record: false);
        OnnxTrace one = Run(first, [.. inputs.Select(input => Alias(input.Example))], forward);
        if (!dynamicBatch || !inputs.Any(input => input.HasBatch)) return Message(one, one);
        using Tape second = new(device, record: false);
        Tensor[] longer = [.. inputs.Select(input => input.HasBatch ? Longer(input.Example) : Alias(input.Example))];
        return Message(one, Run(second, longer, forward));

        ProtoMessage Message(OnnxTrace trace, OnnxTrace other)
        {
            OnnxGraph graph = new OnnxTranslation(trace, other).Translate([.. inputs.Select(input => input.Name)]);
            const int Version = 1, Producer = 2, Graph = 7, OperatorSets = 8, SetVersion = 2;
            return new ProtoMessage().Add(Version, IrVersion).Add(Producer, "Engine").Add(Graph, graph.ToMessage(name))
                .Add(OperatorSets, new ProtoMessage().Add(SetVersion, Opset));
        }
    }

    private static OnnxTrace Run(
        Tape tape, Tensor[] inputs, Func<IReadOnlyList<Tensor>, IReadOnlyList<(string Name, Tensor Value)>> forward)
    {
        Trace trace = new(inputs);
        tape.Trace = trace;
        try
        {
            return new OnnxTrace(trace, inputs, [.. forward(inputs)]);
        }
        finally
        {
            tape.Trace = null;
        }
    }

    // Another tensor than the example, which the module may have as a constant.
    private static Tensor Alias(Tensor example) => example.Reshape(example.Shape);

    private static Tensor Longer(Tensor example) => Tensor.Concat(0, example, example.Slice(0, 0, 1));
}

/// <summary>An input of a graph.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Example">An example of its shape and type.</param>
/// <param name="HasBatch">Whether its first axis counts the samples.</param>
public readonly record struct OnnxInput(string Name, Tensor Example, bool HasBatch = true);

/// <summary>What was traced from inputs to outputs.</summary>
internal sealed record OnnxTrace(Trace Trace, Tensor[] Inputs, (string Name, Tensor Value)[] Outputs);
