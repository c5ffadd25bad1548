using Engine.Kernels;

namespace Engine.Autograd.Checks;

/// <summary>
/// A function of tensors made a scalar by random weights, with its gradient and its gradient's gradient: what <see cref="GradCheck"/>
/// differences.
/// </summary>
internal sealed class Projection
{
    private readonly Func<IReadOnlyList<Tensor>, Tensor> _function;
    private readonly Shape[] _shapes;
    private readonly Device _device;
    private readonly double[] _weights;
    private readonly double[][] _directions;

    internal Projection(Func<IReadOnlyList<Tensor>, Tensor> function, Shape[] shapes, Device device, double[][] at, Random random)
    {
        (_function, _shapes, _device) = (function, shapes, device);
        using Tape tape = new(device);
        _weights = Normal(function(Tensors(tape, at)).Count, random);
        _directions = [.. at.Select(x => Normal(x.Length, random))];
    }

    /// <summary>L = sum(v f).</summary>
    internal double Value(double[][] at)
    {
        // Recorded, because the function may take gradients itself.
        using Tape tape = new(_device);
        return Scalar(Tensors(tape, at)).Item();
    }

    /// <summary>grad L.</summary>
    internal double[][] Gradient(double[][] at)
    {
        using Tape tape = new(_device);
        Tensor[] inputs = Tensors(tape, at);
        return [.. tape.Gradients(Scalar(inputs), inputs).Select(gradient => gradient.ToDoubles())];
    }

    /// <summary>S = sum(u grad L).</summary>
    internal double Slope(double[][] at)
    {
        using Tape tape = new(_device);
        Tensor[] inputs = Tensors(tape, at);
        return Along(tape.Gradients(Scalar(inputs), inputs)).Item();
    }

    /// <summary>grad S; zero where S does not depend on the inputs.</summary>
    internal double[][] SecondGradient(double[][] at)
    {
        using Tape tape = new(_device);
        Tensor[] inputs = Tensors(tape, at);
        Tensor slope = Along(tape.Gradients(Scalar(inputs), inputs, createGraph: true));
        if (slope.Node < 0) return [.. at.Select(x => new double[x.Length])];
        return [.. tape.Gradients(slope, inputs).Select(gradient => gradient.ToDoubles())];
    }

    internal static double[] Normal(int count, Random random)
    {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) values[i] =
            Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return values;
    }

    private Tensor[] Tensors(Tape tape, double[][] at) => [.. at.Select((values, i) => tape.Watch(Tensor.From(values, _shapes[i])))];

    private Tensor Scalar(Tensor[] inputs)
    {
        Tensor output = _function(inputs);
        return (output * Tensor.From(_weights, output.Shape)).Sum();
    }

    private Tensor Along(Tensor[] gradients)
    {
        Tensor sum = (gradients[0] * Tensor.From(_directions[0], gradients[0].Shape)).Sum();
        for (int i = 1; i < gradients.Length; i++) sum += (gradients[i] * Tensor.From(_directions[i], gradients[i].Shape)).Sum();
        return sum;
    }
}
