#:project ../../Engine.Models
#:property PublishAot=false

// What a tape records and how gradients come back along it: dotnet run docs/lessons/tape.cs -- [--steps N] [--help]. See tape.md.
using System.CommandLine;
using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Models.Imaging;
using Engine.Models.Training;

Option<int> steps = ProgramOption.Integer("--steps", "Steps of gradient descent, of the neurons and of the network.", 1000, 1, 1_000_000);
Option<int> seed = ProgramOption.Integer("--seed", "The seed of the network's first weights.", 1, 0);
Option<string> output = new("--out") { Description = "The folder for the picture.", DefaultValueFactory = _ => "out/tape" };
Option<string?> device = new("--device") { Description = "Where to compute: cpu, cpu:THREADS, simulator, cuda." };

float[] points = [0, 0, 0, 1, 1, 0, 1, 1], or = [0, 1, 1, 1], xor = [0, 1, 1, 0];
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return PlainProgram.Run(
    args, "tape", "A scalar, its graph, its gradients; a neuron and a small network that learn by them.", Teach,
    [steps, seed, output, device]);

void Teach(ParseResult options, CancellationToken stop)
{
    using Device computing = options.GetValue(device) is { } name ? Device.Open(name) : Device.OpenDefault();
    int count = options.GetValue(steps);
    OneScalar(computing, new OutputFolder(options.GetValue(output)!));
    UsedTwice(computing);
    Neuron(computing, "or", or, count, stop);
    Neuron(computing, "xor", xor, count, stop);
    Network(computing, options.GetValue(seed), count, stop);
}

// L = (tanh(w x + b) - t)², forwards and backwards
void OneScalar(Device computing, OutputFolder folder)
{
    using Tape tape = new(computing);
    Tensor w = tape.Watch(Scalar(0.5)), x = tape.Watch(Scalar(2)), b = tape.Watch(Scalar(-0.6)), t = Scalar(1);
    Tensor m = w * x, s = m + b, y = s.Tanh(), e = y - t, loss = e.Square();
    Dictionary<Tensor, string> names = new()
    {
        [w] = "w", [x] = "x", [b] = "b", [t] = "t", [m] = "m", [s] = "s", [y] = "y", [e] = "e", [loss] = "L",
    };

    Console.WriteLine("Forwards: what the tape has recorded.");
    IReadOnlyList<RecordedOperation> recorded = tape.Operations;
    foreach (RecordedOperation operation in recorded) Console.WriteLine(
        $"  {names[operation.Output]} = {$"{operation.Name}({string.Join(", ", operation.Inputs.Select(input => names[input]))})",-16} "
        + $"= {operation.Output.Item(),8:F5}");

    // Backwards, for every result and every watched input
    Tensor[] with = [.. recorded.Select(operation => operation.Output).Reverse(), w, x, b];
    double[] gradients = [.. tape.Gradients(loss, with).Select(gradient => gradient.Item())];

    // The same by hand, from the end to the beginning, each from the one before
    double dL = 1, de = dL * 2 * e.Item(), dy = de, ds = dy * (1 - (y.Item() * y.Item())), dm = ds;
    double[] byHand = [dL, de, dy, ds, dm, dm * x.Item(), dm * w.Item(), ds];

    // (L(p + h) - L(p - h)) / 2h, with L in plain C#
    const double h = 1e-5;
    double L(double dw, double dx, double db) => Math.Pow(Math.Tanh(((0.5 + dw) * (2 + dx)) - 0.6 + db) - 1, 2);
    double[] differences =
        [(L(h, 0, 0) - L(-h, 0, 0)) / (2 * h), (L(0, h, 0) - L(0, -h, 0)) / (2 * h), (L(0, 0, h) - L(0, 0, -h)) / (2 * h)];

    Console.WriteLine("Backwards:    the tape    by hand  finite difference");
    for (int i = 0; i < with.Length; i++) Console.WriteLine($"  dL/d{names[with[i]],-4} {gradients[i],11:F7} {byHand[i],11:F7}"
        + (i < with.Length - 3 ? "" : $" {differences[i - with.Length + 3],11:F7}"));

    GraphDrawing graph = new();
    Dictionary<Tensor, int> numbers = [];
    foreach (RecordedOperation operation in recorded)
    {
        foreach (Tensor input in operation.Inputs)
            if (!numbers.ContainsKey(input)) numbers[input] = graph.Add(Text(input, names[input]));
        numbers[operation.Output] = graph.Add(
            Text(operation.Output, $"{names[operation.Output]}: {operation.Name}"), [.. operation.Inputs.Select(input => numbers[input])]);
    }

    folder.SaveText("graph.svg", graph.ToSvg());
    folder.SaveText("graph.dot", graph.ToDot());
    Console.WriteLine($"The graph is in {Path.Combine(folder.Path, "graph.svg")}.");

    Tensor Scalar(double value) => Tensor.Full([], value, DType.Float64, computing);

    string[] Text(Tensor tensor, string title) => Array.IndexOf(with, tensor) is >= 0 and int at
        ? [title, $"{tensor.Item():F4}", $"dL: {gradients[at]:F4}"] : [title, $"{tensor.Item():F4}"];
}

// What comes back along two ways is added; and a gradient is a result like any other.
void UsedTwice(Device computing)
{
    using Tape tape = new(computing);
    Tensor x = tape.Watch(Tensor.Full([], 3, DType.Float64, computing));
    Tensor f = (x * x * x) + x, first = tape.Gradient(f, x, createGraph: true), second = tape.Gradient(first, x);
    Console.WriteLine($"f = x³ + x at 3: f = {f.Item()}, f' = 3x² + 1 = {first.Item()}, f'' = 6x = {second.Item()}");
}

// p = sigmoid(X w + b), trained by the loss -log p of the right answer: w := w - rate dL/dw
void Neuron(Device computing, string task, float[] targets, int count, CancellationToken stop)
{
    const float Rate = 1;
    float[] weights = [0, 0], bias = [0];
    Console.WriteLine($"A neuron learns {task}.");
    for (int step = 0; step <= count; step++)
    {
        stop.ThrowIfCancellationRequested();
        using Tape tape = new(computing);
        Tensor w = tape.Watch(Tensor.From(weights, [2, 1])), b = tape.Watch(Tensor.From(bias, [1]));
        Tensor logits = Tensor.From(points, [4, 2]).MatMul(w) + b;
        Tensor loss = Loss.BinaryCrossEntropyFromLogits(logits, Tensor.From(targets, [4, 1]));
        Tell(step, count, loss, logits);
        float[][] gradients = [.. tape.Gradients(loss, [w, b]).Select(gradient => gradient.ToArray())];
        for (int i = 0; i < weights.Length; i++) weights[i] -= Rate * gradients[0][i];
        bias[0] -= Rate * gradients[1][0];
    }
}

// Four neurons and one that reads them, with the layers and the optimiser that the other lessons use
void Network(Device computing, int first, int count, CancellationToken stop)
{
    ModuleOptions options = ModuleOptions.FromSeed(first, computing);
    using Sequential network = new(new Linear(2, 4, options), new Tanh(), new Linear(4, 1, options));
    using Sgd descent = new(network.Parameters, learningRate: 1);
    Console.WriteLine("Four neurons and one more learn xor.");
    for (int step = 0; step <= count; step++)
    {
        stop.ThrowIfCancellationRequested();
        using Tape tape = new(computing);
        Tensor logits = network.Forward(Tensor.From(points, [4, 2]));
        Tensor loss = Loss.BinaryCrossEntropyFromLogits(logits, Tensor.From(xor, [4, 1]));
        Tell(step, count, loss, logits);
        descent.Step(tape.Gradients(loss, network.Parameters));
    }
}

static void Tell(int step, int last, Tensor loss, Tensor logits)
{
    // 0, 1, 10, 100 and so on, and the last one
    if (step != last && Math.Pow(10, Math.Round(Math.Log10(Math.Max(1, step)))) != Math.Max(1, step)) return;
    Console.WriteLine($"  step {step,5}: loss {loss.Item():F4}   p(1) at 00 01 10 11: "
        + string.Join("  ", logits.Sigmoid().ToArray().Select(p => $"{p:F3}")));
}
