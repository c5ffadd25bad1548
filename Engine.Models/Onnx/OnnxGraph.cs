using System.Globalization;
using System.Runtime.InteropServices;
using Engine.Kernels;
using Engine.Models.Protobuf;

namespace Engine.Models.Onnx;

/// <summary>
/// An ONNX graph that is being made: nodes in the order in which they are computed, and constants. Values are known by their names, each of
/// which is given once. What no output needs is left out when the graph is written.
/// </summary>
internal sealed class OnnxGraph
{
    // Fields of the messages of onnx.proto (github.com/onnx/onnx), by message.
    private const int NodeInput = 1, NodeOutput = 2, NodeName = 3, NodeType = 4, NodeAttribute = 5;
    private const int AttributeName = 1, AttributeFloat = 2, AttributeInt = 3, AttributeText = 4, AttributeInts = 8, AttributeType = 20;
    private const int TensorDims = 1, TensorType = 2, TensorName = 8, TensorRaw = 9;
    private const int ValueName = 1, ValueType = 2;
    private const int GraphNode = 1, GraphName = 2, GraphInitializer = 5, GraphInput = 11, GraphOutput = 12;

    private readonly List<Operation> _nodes = [];
    private readonly Dictionary<string, Func<ProtoMessage>> _constants = [];
    private readonly HashSet<string> _names = [];
    private readonly List<(string Name, DType Type, object[] Extents)> _inputs = [], _outputs = [];

    /// <summary>Adds an input of the graph.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="extents">An extent each: a number, or the name of one that varies.</param>
    internal void AddInput(string name, DType type, object[] extents) => _inputs.Add((Unused(name), type, extents));

    /// <summary>Adds an output of the graph, which a node or an input of another name computes.</summary>
    internal void AddOutput(string name, string value, DType type, object[] extents)
    {
        string output = Unused(name);
        _nodes.Add(new Operation("Identity", [value], [output], []));
        _outputs.Add((output, type, extents));
    }

    /// <summary>Adds a node of one result.</summary>
    /// <param name="type">The operator.</param>
    /// <param name="inputs">What it reads; an empty name for what is left out.</param>
    /// <param name="attributes">Its attributes: long, int, double, string or a list of whole numbers.</param>
    /// <returns>The name of the result.</returns>
    internal string Node(string type, string[] inputs, params (string Name, object Value)[] attributes) =>
        Nodes(type, 1, inputs, attributes)[0];

    /// <summary>Adds a node of several results.</summary>
    internal string[] Nodes(string type, int results, string[] inputs, params (string Name, object Value)[] attributes)
    {
        string[] outputs = [.. Enumerable.Range(0, results).Select(_ => Unused(type))];
        _nodes.Add(new Operation(type, inputs, outputs, attributes));
        return outputs;
    }

    /// <summary>Adds whole numbers, [values].</summary>
    internal string Longs(params long[] values) => Constant("shape", OnnxType.Int64, [values.Length], MemoryMarshal.AsBytes<long>(values));

    /// <summary>Adds a constant.</summary>
    /// <param name="name">The name that it gets, or one that begins with it.</param>
    /// <param name="type">The type of the elements.</param>
    /// <param name="extents">The shape.</param>
    /// <param name="bytes">The elements, little-endian.</param>
    internal string Constant(string name, OnnxType type, long[] extents, ReadOnlySpan<byte> bytes)
    {
        string unused = Unused(name);
        byte[] raw = bytes.ToArray();
        _constants[unused] = () => new ProtoMessage().AddEach(TensorDims, extents).Add(TensorType, (long)type).Add(TensorName, unused)
            .Add(TensorRaw, raw);
        return unused;
    }

    /// <summary>The graph as a GraphProto, without what no output needs.</summary>
    internal ProtoMessage ToMessage(string name)
    {
        HashSet<string> needed = [.. _outputs.Select(output => output.Name)];
        List<Operation> nodes = [];
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            if (!_nodes[i].Outputs.Any(needed.Contains)) continue;
            nodes.Add(_nodes[i]);
            needed.UnionWith(_nodes[i].Inputs);
        }

        nodes.Reverse();
        ProtoMessage graph = new();
        foreach (Operation node in nodes) graph.Add(GraphNode, Message(node));
        graph.Add(GraphName, name);
        foreach ((string constant, Func<ProtoMessage> message) in _constants)
            if (needed.Contains(constant)) graph.Add(GraphInitializer, message());
        foreach (var input in _inputs) graph.Add(GraphInput, Message(input));
        foreach (var output in _outputs) graph.Add(GraphOutput, Message(output));
        return graph;
    }

    private string Unused(string name)
    {
        string unused = name;
        for (int i = 1; !_names.Add(unused); i++) unused = string.Create(CultureInfo.InvariantCulture, $"{name}_{i}");
        return unused;
    }

    private static ProtoMessage Message(Operation node)
    {
        ProtoMessage message = new();
        foreach (string input in node.Inputs) message.Add(NodeInput, input);
        foreach (string output in node.Outputs) message.Add(NodeOutput, output);
        message.Add(NodeName, $"{node.Type}:{node.Outputs[0]}").Add(NodeType, node.Type);
        foreach ((string name, object value) in node.Attributes) message.Add(NodeAttribute, Attribute(name, value));
        return message;
    }

    private static ProtoMessage Attribute(string name, object value)
    {
        // The types of AttributeProto.AttributeType
        const int Float = 1, Int = 2, Text = 3, Ints = 7;
        ProtoMessage message = new ProtoMessage().Add(AttributeName, name);
        return value switch
        {
            bool flag => message.Add(AttributeInt, flag ? 1 : 0L).Add(AttributeType, Int),
            int number => message.Add(AttributeInt, (long)number).Add(AttributeType, Int),
            double number => message.Add(AttributeFloat, (float)number).Add(AttributeType, Float),
            string text => message.Add(AttributeText, text).Add(AttributeType, Text),
            int[] numbers => message.AddEach(AttributeInts, numbers.Select(number => (long)number)).Add(AttributeType, Ints),
            _ => throw new InvalidOperationException($"No attribute is a {value.GetType().Name}."),
        };
    }

    // ValueInfoProto { name, TypeProto { TypeProto.Tensor { elem_type, TensorShapeProto { Dimension { dim_value or dim_param } } } } }
    private static ProtoMessage Message((string Name, DType Type, object[] Extents) value)
    {
        const int TypeTensor = 1, TensorElement = 1, TensorShape = 2, ShapeDimension = 1, DimensionValue = 1, DimensionName = 2;
        ProtoMessage shape = new();
        foreach (object extent in value.Extents)
        {
            ProtoMessage dimension = new();
            shape.Add(ShapeDimension, extent is string named ? dimension.Add(DimensionName, named)
                : dimension.Add(DimensionValue, (long)(int)extent));
        }

        ProtoMessage tensor = new ProtoMessage().Add(TensorElement, (long)OnnxTypes.Of(value.Type)).Add(TensorShape, shape);
        return new ProtoMessage().Add(ValueName, value.Name).Add(ValueType, new ProtoMessage().Add(TypeTensor, tensor));
    }

    private sealed record Operation(string Type, string[] Inputs, string[] Outputs, (string Name, object Value)[] Attributes);
}

/// <summary>Types of elements, with the numbers of TensorProto.DataType.</summary>
internal enum OnnxType
{
    /// <summary>Floating-point numbers of 32 bits.</summary>
    Float = 1,

    /// <summary>Whole numbers of 32 bits.</summary>
    Int32 = 6,

    /// <summary>Whole numbers of 64 bits.</summary>
    Int64 = 7,

    /// <summary>Floating-point numbers of 64 bits.</summary>
    Double = 11,
}

/// <summary>The types of ONNX for those of the engine.</summary>
internal static class OnnxTypes
{
    internal static OnnxType Of(DType type) => type switch
    {
        DType.Float32 => OnnxType.Float,
        DType.Float64 => OnnxType.Double,
        DType.Int32 => OnnxType.Int32,
        _ => throw new OnnxException($"ONNX: expected float32, float64 or int32, found {type}."),
    };
}
