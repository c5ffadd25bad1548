using System.Globalization;
using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>
/// A <see cref="Sequential"/> as text, a line for each layer, and made again from it: what a file of weights says beside the weights, so
/// that a network can be used without the program that trained it. It has the layers that images are usually made of or judged with:
/// linear, (transposed) convolutions, normalisations, activations, dropout, (un)flattening and upsampling. Values that are a layer's
/// default are left out.
/// </summary>
/// <example><code>
/// string text = NetworkText.Of(generator);   // linear inputs=100 outputs=256
///                                            // leaky-relu slope=0.2 ...
/// Sequential again = NetworkText.Read(text, options);
/// </code></example>
public static class NetworkText
{
    private const double UsualEpsilon = 1e-5, UsualSlope = 0.01, UsualMomentum = 0.1;

    /// <summary>Writes a network.</summary>
    /// <param name="network">The network.</param>
    /// <exception cref="NotSupportedException">A layer is none of those that have a text; the message names it.</exception>
    public static string Of(Sequential network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return string.Join('\n', network.Layers.Select((layer, i) => Line(layer) ?? throw new NotSupportedException(
            $"Layer {i} is a {layer.GetType().Name}, which has no text: expected one of the layers of NetworkText.")));
    }

    /// <summary>Makes a network again, with new parameters.</summary>
    /// <param name="text">What <see cref="Of"/> wrote.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="FormatException">A line is not a layer, or a layer is none that can be made; the message says which.</exception>
    public static Sequential Read(string text, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(options);
        List<Module> layers = [];
        try
        {
            foreach (string line in text.Split('\n')) layers.Add(Layer(new LayerText(line), options));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            foreach (Module layer in layers) layer.Dispose();
            throw new FormatException($"Layer {layers.Count}: {e.Message}", e);
        }

        return new Sequential([.. layers]);
    }

    private static string? Line(Module layer) => layer switch
    {
        Linear linear => new LayerText("linear").With("inputs", linear.Weight.Shape[0]).With("outputs", linear.Weight.Shape[1])
            .With("bias", linear.Bias is not null, true),
        Conv2d conv => Convolution("conv", conv.Weight.Shape, conv.Convolution, isTransposed: false, conv.Bias is not null),
        ConvTranspose2d conv =>
            Convolution("conv-transpose", conv.Weight.Shape, conv.Convolution, isTransposed: true, conv.Bias is not null)
            .With("output-padding", conv.OutputPadding, (0, 0)),
        BatchNorm norm => new LayerText("batch-norm").With("channels", norm.RunningMean.Count)
            .With("momentum", norm.Momentum, UsualMomentum).With("epsilon", norm.Epsilon, UsualEpsilon)
            .With("affine", norm.Weight is not null, true),
        GroupNorm { Weight: { } weight } norm => new LayerText("group-norm").With("groups", norm.Groups).With("channels", weight.Count)
            .With("epsilon", norm.Epsilon, UsualEpsilon),
        LayerNorm { Weight: { } weight } norm =>
            new LayerText("layer-norm").With("features", weight.Count).With("epsilon", norm.Epsilon, UsualEpsilon),
        InstanceNorm norm => new LayerText("instance-norm").With("channels", norm.Channels).With("epsilon", norm.Epsilon, UsualEpsilon)
            .With("affine", norm.Weight is not null, true),
        Relu => new LayerText("relu"),
        LeakyRelu leaky => new LayerText("leaky-relu").With("slope", leaky.Activation.Slope, UsualSlope),
        Elu elu => new LayerText("elu").With("alpha", elu.Alpha, 1.0),
        Sigmoid => new LayerText("sigmoid"),
        Tanh => new LayerText("tanh"),
        Softplus => new LayerText("softplus"),
        Silu => new LayerText("silu"),
        Gelu gelu => new LayerText("gelu").With("approximate", gelu.IsApproximate, false),
        Dropout dropout => new LayerText("dropout").With("probability", dropout.Probability, double.NaN),
        Flatten flatten => new LayerText("flatten").With("channels-first", flatten.HasChannelsFirst, false),
        Unflatten unflatten => new LayerText("unflatten").With("extents", unflatten.Sample.ToArray())
            .With("channels-first", unflatten.HasChannelsFirst, false),
        Upsample upsample => new LayerText("upsample").With("factor", upsample.Factor)
            .With("bilinear", upsample.Mode == UpsampleMode.Bilinear, false),
        _ => (LayerText?)null,
    } is { } text ? text.ToString() : null;

    private static LayerText Convolution(string name, Shape weight, Conv2dOptions options, bool isTransposed, bool bias)
    {
        int groups = options.Groups;
        (int inputs, int outputs) = isTransposed ? (weight[3], weight[2] * groups) : (weight[2] * groups, weight[3]);
        return new LayerText(name).With("inputs", inputs).With("outputs", outputs).With("kernel", [weight[0], weight[1]])
            .With("stride", (options.StrideHeight, options.StrideWidth), (1, 1))
            .With("dilation", (options.DilationHeight, options.DilationWidth), (1, 1)).With("groups", groups, 1)
            .With("padding", options.Padding.ToString().Replace(' ', 'x'), "0").With("bias", bias, true);
    }

    private static Module Layer(LayerText text, ModuleOptions options)
    {
        Module layer = text.Name switch
        {
            "linear" => new Linear(text.Integer("inputs"), text.Integer("outputs"), options, text.Flag("bias", true)),
            "conv" => new Conv2d(
                text.Integer("inputs"), text.Integer("outputs"), text.Pair("kernel"), options, Convolution(text), text.Flag("bias", true)),
            "conv-transpose" => new ConvTranspose2d(
                text.Integer("inputs"), text.Integer("outputs"), text.Pair("kernel"), options, Convolution(text),
                text.Pair("output-padding", (0, 0)), text.Flag("bias", true)),
            "batch-norm" => new BatchNorm(
                text.Integer("channels"), options, text.Number("momentum", UsualMomentum), text.Number("epsilon", UsualEpsilon),
                text.Flag("affine", true)),
            "group-norm" => new GroupNorm(
                text.Integer("groups"), text.Integer("channels"), options, text.Number("epsilon", UsualEpsilon)),
            "layer-norm" => new LayerNorm(text.Integer("features"), options, text.Number("epsilon", UsualEpsilon)),
            "instance-norm" => new InstanceNorm(
                text.Integer("channels"), options, text.Number("epsilon", UsualEpsilon), text.Flag("affine", true)),
            "relu" => new Relu(),
            "leaky-relu" => new LeakyRelu(text.Number("slope", UsualSlope)),
            "elu" => new Elu(text.Number("alpha", 1)),
            "sigmoid" => new Sigmoid(),
            "tanh" => new Tanh(),
            "softplus" => new Softplus(),
            "silu" => new Silu(),
            "gelu" => new Gelu(text.Flag("approximate", false)),
            "dropout" => new Dropout(text.Number("probability"), options),
            "flatten" => new Flatten(text.Flag("channels-first", false)),
            "unflatten" => new Unflatten(text.Flag("channels-first", false), text.Extents("extents")),
            "upsample" => new Upsample(
                text.Integer("factor"), text.Flag("bilinear", false) ? UpsampleMode.Bilinear : UpsampleMode.Nearest),
            _ => throw new FormatException($"expected the name of a layer, found '{text.Name}'."),
        };
        text.CheckAllRead();
        return layer;
    }

    private static Conv2dOptions Convolution(LayerText text)
    {
        ((int strideHeight, int strideWidth), (int dilationHeight, int dilationWidth)) =
            (text.Pair("stride", (1, 1)), text.Pair("dilation", (1, 1)));
        return new Conv2dOptions {
            StrideHeight = strideHeight, StrideWidth = strideWidth, DilationHeight = dilationHeight, DilationWidth = dilationWidth,
            Groups = text.Integer("groups", 1), Padding = Padding(text) };
    }

    private static ConvPadding Padding(LayerText text)
    {
        if (text.Text("padding", "0") == "same") return ConvPadding.Same;
        int[] sides = text.Extents("padding", [0]);
        return sides.Length switch
        {
            1 => sides[0],
            4 => new Conv2dPadding(sides[0], sides[1], sides[2], sides[3]),
            _ => throw new FormatException($"padding: expected one count or four, found {sides.Length}."),
        };
    }

    /// <summary>A line: the name of a layer and values by name.</summary>
    private sealed class LayerText
    {
        private readonly Dictionary<string, string> _values = [];
        private readonly HashSet<string> _read = [];

        internal LayerText(string line)
        {
            string[] parts = line.Split(' ');
            Name = parts[0];
            foreach (string part in parts[1..])
            {
                int equals = part.IndexOf('=', StringComparison.Ordinal);
                if (equals < 1 || !_values.TryAdd(part[..equals], part[(equals + 1)..])) throw new FormatException(
                    $"expected a name, '=' and a value, each name once, found '{part}' in '{line}'.");
            }
        }

        internal string Name { get; }

        internal LayerText With(string name, string value, string usual)
        {
            if (value != usual) _values[name] = value;
            return this;
        }

        internal LayerText With(string name, int value, int usual = int.MinValue) => With(name, Written(value), Written(usual));

        internal LayerText With(string name, double value, double usual) => With(name, Written(value), Written(usual));

        internal LayerText With(string name, bool value, bool usual) => With(name, Written(value), Written(usual));

        internal LayerText With(string name, ReadOnlySpan<int> values)
        {
            _values[name] = string.Join('x', values.ToArray().Select(Written));
            return this;
        }

        internal LayerText With(string name, (int, int) value, (int, int) usual) =>
            value == usual ? this : With(name, [value.Item1, value.Item2]);

        internal string Text(string name, string? usual = null)
        {
            _read.Add(name);
            return _values.TryGetValue(name, out string? value) ? value
                : usual ?? throw new FormatException($"{Name}: expected a value '{name}', found none.");
        }

        internal int Integer(string name, int? usual = null) => Extents(name, usual is { } value ? [value] : null) is [int one] ? one
            : throw new FormatException($"{Name} {name}: expected a whole number, found '{Text(name)}'.");

        internal (int, int) Pair(string name, (int, int)? usual = null) =>
            Extents(name, usual is var (a, b) ? [a, b] : null) is [int first, int second] ? (first, second)
            : throw new FormatException($"{Name} {name}: expected two whole numbers with x between, found '{Text(name)}'.");

        internal int[] Extents(string name, int[]? usual = null)
        {
            string text = Text(name, usual is null ? null : string.Join('x', usual.Select(Written)));
            return [.. text.Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                ? value : throw new FormatException($"{Name} {name}: expected whole numbers with x between, found '{text}'."))];
        }

        internal double Number(string name, double? usual = null)
        {
            string text = Text(name, usual is { } value ? Written(value) : null);
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number
                : throw new FormatException($"{Name} {name}: expected a number, found '{text}'.");
        }

        internal bool Flag(string name, bool usual) => Text(name, Written(usual)) switch
        {
            "yes" => true,
            "no" => false,
            var text => throw new FormatException($"{Name} {name}: expected yes or no, found '{text}'."),
        };

        internal void CheckAllRead()
        {
            foreach (string name in _values.Keys)
                if (!_read.Contains(name)) throw new FormatException($"{Name}: has no value '{name}'.");
        }

        public override string ToString() => string.Join(' ', _values.Select(value => $"{value.Key}={value.Value}").Prepend(Name));

        private static string Written(int value) => value.ToString(CultureInfo.InvariantCulture);

        private static string Written(double value) => value.ToString("R", CultureInfo.InvariantCulture);

        private static string Written(bool value) => value ? "yes" : "no";
    }
}
