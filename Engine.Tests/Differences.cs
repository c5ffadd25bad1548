namespace Engine.Tests;

/// <summary>Holds the gradients of a loss by the parameters of a module, in float64, against central differences.</summary>
internal static class Differences
{
    private const double Step = 1e-5;

    /// <summary>Element by element, at chosen places of a parameter with a number of elements; returns the gradients.</summary>
    internal static double[][] AtElements(Module module, Func<Tensor> loss, double tolerance, Func<int, IEnumerable<int>> places)
    {
        double[][] gradients = Gradients(module, loss);
        for (int i = 0; i < gradients.Length; i++)
        {
            Parameter parameter = module.Parameters[i];
            double[] values = parameter.ToDoubles();
            foreach (int place in places(values.Length))
            {
                double[] direction = new double[values.Length];
                direction[place] = 1;
                Assert.Equal(Slope(parameter, values, direction, loss), gradients[i][place], tolerance);
            }
        }

        return gradients;
    }

    /// <summary>Along a random direction for each parameter; the tolerance is relative to the larger of 1 and the derivative.</summary>
    internal static void AlongDirections(Module module, Func<Tensor> loss, double tolerance)
    {
        Random random = new(5);
        double[][] gradients = Gradients(module, loss);
        for (int i = 0; i < gradients.Length; i++)
        {
            Parameter parameter = module.Parameters[i];
            double[] values = parameter.ToDoubles(), direction = [.. values.Select(_ => random.NextDouble() - 0.5)];
            double numeric = Slope(parameter, values, direction, loss), predicted = gradients[i].Zip(direction, (g, d) => g * d).Sum();
            Assert.True(Math.Abs(numeric - predicted) < tolerance * Math.Max(1, Math.Abs(numeric)),
                $"{parameter.FullName}: {numeric} {predicted}");
        }
    }

    private static double[][] Gradients(Module module, Func<Tensor> loss)
    {
        using Tape tape = new(module.Parameters[0].Device);
        return [.. tape.Gradients(loss(), module.Parameters).Select(gradient => gradient.ToDoubles())];
    }

    /// <summary>The derivative along a direction; the parameter has its values again afterwards.</summary>
    private static double Slope(Parameter parameter, double[] values, double[] direction, Func<Tensor> loss)
    {
        double slope = (Moved(Step) - Moved(-Step)) / (2 * Step);
        parameter.Storage.CopyFrom<double>(values);
        return slope;

        double Moved(double step)
        {
            parameter.Storage.CopyFrom<double>([.. values.Zip(direction, (x, d) => x + (step * d))]);
            using Tape tape = new(parameter.Device);
            return loss().Item();
        }
    }
}
