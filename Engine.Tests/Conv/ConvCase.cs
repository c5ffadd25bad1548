using Engine.Kernels.Conv;
using Engine.Kernels.Conv.Host;
using Engine.Tests.Gemm;
using Conv2d = Engine.Kernels.Conv.Conv2d;
using ConvTranspose2d = Engine.Kernels.Conv.ConvTranspose2d;

namespace Engine.Tests.Conv;

/// <summary>
/// A convolution with random contents: its three products are run on hosts of one, two and three threads and held against the definition.
/// </summary>
internal sealed class ConvCase<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Conv2dShape _shape;
    private readonly ConvForm _form;
    private readonly T[] _input, _weight, _output;

    internal ConvCase(Conv2dShape shape, int seed = 1, ConvForm form = ConvForm.ByShape)
    {
        Random random = new(seed);
        T[] Fill(long length) => [.. Enumerable.Range(0, (int)length).Select(_ => T.CreateChecked((random.NextDouble() * 2) - 1))];
        _shape = shape;
        _form = form;
        _input = Fill(shape.LengthInput);
        _weight = Fill(shape.LengthWeight);
        _output = Fill(shape.LengthOutput);
    }

    /// <summary>All three products; |error| &lt;= tolerance * sqrt(terms) * sum |a b|.</summary>
    internal void CheckAll(double tolerance, bool bias, Activation activation, bool accumulate)
    {
        Check(ConvReference.Target.Output, tolerance, bias, activation, accumulate);
        Check(ConvReference.Target.Input, tolerance, bias, activation, accumulate);
        Check(ConvReference.Target.Weight, tolerance, false, Activation.None, accumulate);
    }

    internal void Check(ConvReference.Target target, double tolerance, bool bias, Activation activation, bool accumulate)
    {
        T[] initial = target == ConvReference.Target.Output ? _output : target == ConvReference.Target.Input ? _input : _weight;
        int channels = target == ConvReference.Target.Output ? _shape.Outputs : _shape.Inputs;
        T[] biasValues = [.. Enumerable.Range(0, channels).Select(i => T.CreateChecked(((i * 7) % 11 * 0.1) - 0.5))];
        T start = T.CreateChecked(0.75);

        // A form that is asked for is run on vectors of every width, without the public entry.
        T[] found = _form != ConvForm.ByShape ? this is ConvCase<float> ? On<Float512, Double512>() : throw new NotSupportedException()
            : Guarded.Run(initial.Length,
                (host, result) => Run(host, target, result, bias ? Guarded.With(host, biasValues) : null, activation, accumulate), start);
        Assert.Equal(found, On<Float256, Double256>());
        Assert.Equal(found, On<Float128, Double128>());

        T[] On<TSingle, TDouble>()
            where TSingle : unmanaged, IVectorLane<TSingle, float>
            where TDouble : unmanaged, IVectorLane<TDouble, double> => (T[])(this is ConvCase<float> single
            ? (object)single.RunOn<TSingle>(
                target, initial.Length, bias ? (float[])(object)biasValues : null, activation, accumulate, float.CreateChecked(start))
            : ((ConvCase<double>)(object)this).RunOn<TDouble>(
                target, initial.Length, bias ? (double[])(object)biasValues : null, activation, accumulate, double.CreateChecked(start)));

        (double Sum, double Size)[] expected = ConvReference.Sums(
            _shape, target, Array.ConvertAll(_input, double.CreateChecked), Array.ConvertAll(_weight, double.CreateChecked),
            Array.ConvertAll(_output, double.CreateChecked));
        double terms = target switch
        {
            ConvReference.Target.Output => _shape.KernelHeight * _shape.KernelWidth * (_shape.Inputs / _shape.Groups),
            ConvReference.Target.Input => _shape.KernelHeight * _shape.KernelWidth * (_shape.Outputs / _shape.Groups),
            _ => Math.Max(_shape.Batch, 1) * _shape.OutputHeight * _shape.OutputWidth,
        };
        for (int i = 0; i < found.Length; i++)
        {
            double before = accumulate ? double.CreateChecked(start) : 0, b = bias ? double.CreateChecked(biasValues[i % channels]) : 0;
            double wanted = Activations.Apply(activation, expected[i].Sum + before + b);
            double allowed = tolerance * Math.Sqrt(terms) * (expected[i].Size + Math.Abs(before) + Math.Abs(b) + Math.Abs(wanted));
            if (!(Math.Abs(double.CreateChecked(found[i]) - wanted) <= allowed))
                Assert.Fail($"{target} of {_shape}, {activation.Kind}, accumulate {accumulate}: element {i} is {found[i]}, expected "
                    + $"{wanted}.");
        }
    }

    /// <summary>The same on a kind of vector: those with 16 registers have four rows to a tile.</summary>
    private T[] RunOn<TV>(ConvReference.Target target, int length, T[]? bias, Activation activation, bool accumulate, T start)
        where TV : unmanaged, IVectorLane<TV, T> => Guarded.Run(
            length,
            (host, result) =>
            {
                Storage? biases = bias is null ? null : Guarded.With(host, bias);
                if (target == ConvReference.Target.Weight)
                {
                    HostWeightGradient.Run<TV, T>(
                        host, Guarded.With(host, _input), Guarded.With(host, _output), result, _shape, accumulate, _form);
                    return;
                }

                bool transposed = target == ConvReference.Target.Input;
                HostConv2d.Run<TV, T>(
                    host, Guarded.With(host, transposed ? _output : _input), Guarded.With(host, _weight), result, _shape, transposed,
                    biases, activation, accumulate, _form);
            },
            start);

    /// <summary>The largest error of a product in a form, beside the root mean square of the exact result.</summary>
    internal double LargestError(CpuDevice host, ConvReference.Target target, ConvForm form)
    {
        Storage[] arrays = [Guarded.With(host, _input), Guarded.With(host, _weight), Guarded.With(host, _output)];
        (Storage input, Storage weight, Storage output) = (arrays[0], arrays[1], arrays[2]);
        (double Sum, double Size)[] expected = ConvReference.Sums(
            _shape, target, Array.ConvertAll(_input, double.CreateChecked), Array.ConvertAll(_weight, double.CreateChecked),
            Array.ConvertAll(_output, double.CreateChecked));
        Storage result = target == ConvReference.Target.Output ? output : target == ConvReference.Target.Input ? input : weight;
        float[] found;
        if (target == ConvReference.Target.Weight) HostWeightGradient.Run<Float512, float>(
            host, input, output, weight, _shape, accumulate: false, form);
        else
        {
            bool transposed = target == ConvReference.Target.Input;
            HostConv2d.Run<Float512, float>(
                host, transposed ? output : input, weight, result, _shape, transposed, null, Activation.None, accumulate: false, form);
        }

        found = result.AsSpan<float>().ToArray();
        foreach (Storage array in arrays) array.Release();
        double largest = 0, squares = 0;
        for (int i = 0; i < found.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(found[i] - expected[i].Sum));
            squares += expected[i].Sum * expected[i].Sum;
        }

        return largest / Math.Sqrt(squares / found.Length);
    }

    private void Run(CpuDevice host, ConvReference.Target target, Storage result, Storage? bias, Activation activation, bool accumulate)
    {
        switch (target)
        {
            case ConvReference.Target.Output:
                Conv2d.Run(Guarded.With(host, _input), Guarded.With(host, _weight), result, _shape, bias, activation, accumulate);
                break;
            case ConvReference.Target.Input:
                ConvTranspose2d.Run(Guarded.With(host, _output), Guarded.With(host, _weight), result, _shape, bias, activation, accumulate);
                break;
            default:
                Conv2d.WeightGradient(Guarded.With(host, _input), Guarded.With(host, _output), result, _shape, accumulate);
                break;
        }
    }
}
