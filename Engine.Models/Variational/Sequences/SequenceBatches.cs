using Engine.Autograd;
using Engine.Kernels;
using Engine.Models.Data;

namespace Engine.Models.Variational.Sequences;

/// <summary>Puts batches of lines and of series onto the open tape.</summary>
public static class SequenceBatches
{
    /// <summary>Lines of text, for <see cref="TokenElements"/>.</summary>
    /// <param name="lines">The lines.</param>
    public static SequenceBatch Of(LineBatch lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        Shape shape = [lines.Count, lines.Steps];
        return new SequenceBatch(
            Tensor.From(lines.Elements, shape), Tensor.From(lines.Inputs, shape), Tensor.From(lines.Targets, shape), lines.Lengths);
    }

    /// <summary>Series of one length, for <see cref="ValueElements"/>.</summary>
    /// <param name="values">The series, one after another.</param>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="leftOut">The probability that a value is left out of what a decoder reads, from 0 to 1.</param>
    /// <param name="uniform">A draw from [0, 1) for each value; may be empty where nothing is left out.</param>
    /// <exception cref="ArgumentException">There is no whole number of values, or not one draw for each.</exception>
    public static SequenceBatch Of(
        ReadOnlySpan<float> values, int count, double leftOut = 0, ReadOnlySpan<float> uniform = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (values.Length == 0 || values.Length % count != 0) throw new ArgumentException(
            $"{count} series of one length were expected, found {values.Length} values.");
        if (leftOut > 0 && uniform.Length != values.Length) throw new ArgumentException(
            $"{values.Length} draws were expected, found {uniform.Length}.");
        int steps = values.Length / count;
        float[] elements = new float[2 * values.Length], inputs = new float[2 * values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            (elements[2 * i], elements[(2 * i) + 1]) = (values[i], 1);

            // The first input is a value that is not known, as are those that are left out.
            if (i % steps > 0 && !(leftOut > 0 && uniform[i] < leftOut)) (inputs[2 * i], inputs[(2 * i) + 1]) = (values[i - 1], 1);
        }

        return new SequenceBatch(
            Tensor.From(elements, [count, steps, 2]), Tensor.From(inputs, [count, steps, 2]), Tensor.From(values, [count, steps]),
            [.. Enumerable.Repeat(steps, count)]);
    }
}
