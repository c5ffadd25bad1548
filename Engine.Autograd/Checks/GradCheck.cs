using System.Globalization;
using Engine.Kernels;

namespace Engine.Autograd.Checks;

/// <summary>
/// Checks gradients against central differences in float64, by random projection: a function f of several tensors is made a scalar,
/// L = sum(v f), with random v, and its derivative along a random direction in each input is compared with what the gradient
/// predicts. At second order the scalar is the gradient's own projection S = sum(u grad L), so that the rules of the rules are checked.
/// </summary>
/// <example><code>GradCheck.Run(x => x[0].MatMul(x[1]).Tanh(), [a, b]).ThrowIfFailed();</code></example>
public static class GradCheck
{
    /// <summary>The relative error that a gradient may have.</summary>
    public const double DefaultTolerance = 1e-6;

    // Central differences err by about h² f''' / 6 + 1e-16 |f| / h, which is least near h = 1e-5.
    private const double Step = 1e-5;

    /// <summary>Checks a function's gradients of order 1 and, if asked, 2, with respect to every input.</summary>
    /// <param name="function">The function: deterministic, smooth near the inputs, with one output of any shape.</param>
    /// <param name="inputs">Where to check; float64.</param>
    /// <param name="order">1 or 2.</param>
    /// <param name="tolerance">The error allowed, relative to the larger of 1 and the derivative.</param>
    /// <param name="projections">How many random projections are tried.</param>
    /// <param name="seed">The seed of the projections.</param>
    /// <returns>The largest errors found.</returns>
    /// <exception cref="ArgumentException">There is no input, one is not float64, or the order is not 1 or 2.</exception>
    public static GradCheckResult Run(
        Func<IReadOnlyList<Tensor>, Tensor> function, IReadOnlyList<Tensor> inputs, int order = 2, double tolerance = DefaultTolerance,
        int projections = 2, int seed = 1)
    {
        if (order is not (1 or 2)) throw new ArgumentException($"GradCheck: the order is 1 or 2, found {order}.");
        if (inputs.Count == 0) throw new ArgumentException("GradCheck: needs at least one input.");
        for (int i = 0; i < inputs.Count; i++)
            if (inputs[i].DType != DType.Float64) throw new ArgumentException(
                $"GradCheck: input {i} must be Float64, found {inputs[i].DType}.");

        double[][] at = [.. inputs.Select(input => input.ToDoubles())];
        Shape[] shapes = [.. inputs.Select(input => input.Shape)];
        Random random = new(seed);
        Worst first = new("order 1"), second = new("order 2");
        for (int p = 0; p < projections; p++)
        {
            Projection projection = new(function, shapes, inputs[0].Device, at, random);
            double[][] gradient = projection.Gradient(at);
            double[][] curvature = order == 2 ? projection.SecondGradient(at) : [];
            for (int i = 0; i < at.Length; i++)
            {
                double[] direction = Projection.Normal(at[i].Length, random);
                first.Compare(i, shapes[i], Difference(projection.Value, at, i, direction), Dot(gradient[i], direction));
                if (order == 2) second.Compare(i, shapes[i], Difference(projection.Slope, at, i, direction), Dot(curvature[i], direction));
            }
        }

        return new GradCheckResult(
            first.Error, order == 2 ? second.Error : null, tolerance, first.Error >= second.Error ? first.Where : second.Where);
    }

    /// <summary>(f(x + h u) - f(x - h u)) / 2h, with u in one input only.</summary>
    private static double Difference(Func<double[][], double> f, double[][] at, int input, double[] direction)
    {
        return (f(Moved(Step)) - f(Moved(-Step))) / (2 * Step);

        double[][] Moved(double h)
        {
            double[][] moved = [.. at];
            moved[input] = [.. at[input].Select((x, k) => x + (h * direction[k]))];
            return moved;
        }
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private sealed class Worst(string name)
    {
        internal double Error { get; private set; }

        internal string Where { get; private set; } = "";

        internal void Compare(int input, Shape shape, double numeric, double predicted)
        {
            double error = Math.Abs(numeric - predicted) / Math.Max(1, Math.Max(Math.Abs(numeric), Math.Abs(predicted)));
            if (error <= Error) return;
            Error = double.IsNaN(error) ? double.PositiveInfinity : error;
            Where = $"{name}, input {input} of shape {shape}: the gradient predicts {predicted:R}, central differences give {numeric:R}";
        }
    }
}

/// <summary>What <see cref="GradCheck"/> found.</summary>
/// <param name="FirstOrder">The largest error of the gradient, relative to the larger of 1 and the derivative.</param>
/// <param name="SecondOrder">The largest error of the gradient's gradient; null when it was not checked.</param>
/// <param name="Tolerance">The error allowed.</param>
/// <param name="Worst">Where the largest error was, in words.</param>
public sealed record GradCheckResult(double FirstOrder, double? SecondOrder, double Tolerance, string Worst)
{
    /// <summary>True when every error is within the tolerance.</summary>
    public bool Passed => FirstOrder <= Tolerance && (SecondOrder ?? 0) <= Tolerance;

    /// <summary>Does nothing when the check passed.</summary>
    /// <exception cref="InvalidOperationException">It did not: the message says where and by how much.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed)
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture,
                    $"GradCheck: error {Math.Max(FirstOrder, SecondOrder ?? 0):E2} is over {Tolerance:E0} at {Worst}."));
    }
}
