using System.Runtime.InteropServices;
using Engine.Models.Onnx;
using Engine.Models.Protobuf;
using Engine.Tests.Protobuf;
using Google.Protobuf;

namespace Engine.Tests.Onnx;

/// <summary>An ONNX file, read back field by field.</summary>
internal sealed class OnnxFile
{
    private readonly Fields _model, _graph;

    internal OnnxFile(byte[] bytes)
    {
        _model = new Fields(bytes);
        _graph = _model.Message(7);
        Nodes = [.. _graph.Messages(1).Select(node => new OnnxNode(node))];
        Constants = _graph.Messages(5).ToDictionary(tensor => tensor.Text(8), tensor => new OnnxConstant(tensor));
        Inputs = [.. _graph.Messages(11).Select(value => new OnnxValue(value))];
        Outputs = [.. _graph.Messages(12).Select(value => new OnnxValue(value))];
    }

    internal long Version => _model.Number(1);

    internal long Opset => _model.Message(8).Number(2);

    internal IReadOnlyList<OnnxNode> Nodes { get; }

    internal IReadOnlyDictionary<string, OnnxConstant> Constants { get; }

    internal IReadOnlyList<OnnxValue> Inputs { get; }

    internal IReadOnlyList<OnnxValue> Outputs { get; }

    internal static OnnxFile Of(
        Func<IReadOnlyList<Tensor>, Tensor> forward, IReadOnlyList<OnnxInput> inputs, bool dynamicBatch = true)
    {
        ProtoMessage model = OnnxExport.Model("test", given => [("y", forward(given))], inputs, dynamicBatch);
        byte[] bytes = new byte[model.Size];
        using CodedOutputStream output = new(bytes);
        model.WriteTo(output);
        Assert.Equal(0, output.SpaceLeft);
        return new OnnxFile(bytes);
    }

    /// <summary>The operators in their order.</summary>
    internal string Operators => string.Join(" ", Nodes.Select(node => node.Type));

    /// <summary>Every name is given once, before it is read, and every constant is read.</summary>
    internal void CheckNames()
    {
        HashSet<string> known = [.. Inputs.Select(input => input.Name), .. Constants.Keys, ""], read = [];
        foreach (OnnxNode node in Nodes)
        {
            Assert.All(node.Inputs, input => Assert.Contains(input, known));
            Assert.All(node.Outputs, output => Assert.True(known.Add(output), output));
            read.UnionWith(node.Inputs);
        }

        Assert.All(Outputs, output => Assert.Contains(output.Name, known));
        Assert.All(Constants.Keys, name => Assert.Contains(name, read));
    }
}

/// <summary>A NodeProto.</summary>
internal sealed class OnnxNode(Fields node)
{
    internal string Type => node.Text(4);

    internal string[] Inputs { get; } = node.Texts(1);

    internal string[] Outputs { get; } = node.Texts(2);

    /// <summary>The whole numbers of an attribute.</summary>
    internal long[] Longs(string name)
    {
        Fields attribute = node.Messages(5).Single(attribute => attribute.Text(1) == name);
        return attribute.Number(20) == 2 ? [attribute.Number(3)] : attribute.Numbers(8);
    }
}

/// <summary>A TensorProto with its elements in raw_data.</summary>
internal sealed class OnnxConstant(Fields tensor)
{
    internal long[] Extents { get; } = tensor.Numbers(1);

    internal double[] Values => tensor.Number(2) switch
    {
        1 => [.. MemoryMarshal.Cast<byte, float>(tensor.Bytes(9)).ToArray().Select(x => (double)x)],
        7 => [.. MemoryMarshal.Cast<byte, long>(tensor.Bytes(9)).ToArray().Select(x => (double)x)],
        11 => MemoryMarshal.Cast<byte, double>(tensor.Bytes(9)).ToArray(),
        long type => throw new InvalidOperationException($"Elements of type {type}."),
    };
}

/// <summary>A ValueInfoProto: a name, the type of its elements, and its extents, numbers or names.</summary>
internal sealed class OnnxValue(Fields value)
{
    private readonly Fields _tensor = value.Message(2).Message(1);

    internal string Name => value.Text(1);

    internal long Type => _tensor.Number(1);

    internal string Extents => string.Join(", ", _tensor.Message(2).Messages(1)
        .Select(extent => extent.Texts(2) is [string name] ? name : $"{extent.Number(1)}"));
}
