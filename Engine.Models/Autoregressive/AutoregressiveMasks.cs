using Engine.Models.Data;

namespace Engine.Models.Autoregressive;

/// <summary>
/// Masks that make the outputs of a fully connected network autoregressive (Germain et al. 2015, arXiv:1502.03509, section 4): every unit
/// gets a degree, the number of dimensions, in some ordering, that it may depend on. A unit is connected to what has at most its own
/// degree, an output only to what has less.
/// </summary>
public sealed class AutoregressiveMasks
{
    private readonly int[][] _degrees;
    private readonly int _context;

    /// <summary>Assigns a degree to every unit.</summary>
    /// <param name="order">
    /// The ordering: element i is the place of dimension i, from 0. <see cref="Natural"/>, <see cref="Reversed"/> and
    /// <see cref="Shuffled"/> make it.
    /// </param>
    /// <param name="widths">Units of each hidden layer.</param>
    /// <param name="seed">Draws the degrees of hidden units, as the paper has it; null deals them out evenly.</param>
    /// <param name="context">Additional inputs, after the dimensions, that every output may depend on.</param>
    /// <exception cref="ArgumentException">The ordering does not name each place once, or there is nothing to order.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A width is less than 1, or the context negative.</exception>
    public AutoregressiveMasks(ReadOnlySpan<int> order, ReadOnlySpan<int> widths, ulong? seed = null, int context = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(context);
        bool[] isTaken = new bool[order.Length];
        foreach (int place in order)
        {
            if ((uint)place >= (uint)order.Length || isTaken[place])
                throw new ArgumentException(
                    $"An ordering of {order.Length} dimensions holds each place from 0 to {order.Length - 1} once, found "
                    + $"[{string.Join(", ", order.ToArray())}].");
            isTaken[place] = true;
        }

        if (order.Length == 0) throw new ArgumentException("An ordering needs at least one dimension, found none.");
        (Order, _context) = ([.. order], context);
        _degrees = new int[widths.Length + 1][];
        _degrees[0] = [.. Order.Select(place => place + 1), .. Enumerable.Repeat(0, context)];
        CounterRandom random = new(seed ?? 0);
        for (int layer = 0; layer < widths.Length; layer++)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(widths[layer], 1, nameof(widths));

            // A degree below all before it would cut the unit off; one of D or more would be of use to no output.
            int least = _degrees[layer].Min(), count = Math.Max(1, Dimensions - least);
            int[] degrees = _degrees[layer + 1] = new int[widths[layer]];
            for (int unit = 0; unit < degrees.Length; unit++) degrees[unit] = least + (seed is null ? unit % count : random.Below(count));
        }
    }

    /// <summary>The place of each dimension in the ordering, from 0.</summary>
    public IReadOnlyList<int> Order { get; }

    /// <summary>The number of dimensions.</summary>
    public int Dimensions => Order.Count;

    /// <summary>The number of hidden layers.</summary>
    public int Layers => _degrees.Length - 1;

    /// <summary>Units of each hidden layer.</summary>
    public IReadOnlyList<int> Widths => [.. _degrees.Skip(1).Select(degrees => degrees.Length)];

    /// <summary>The ordering 0, 1, 2, ...</summary>
    public static int[] Natural(int dimensions) => [.. Enumerable.Range(0, dimensions)];

    /// <summary>The last dimension first.</summary>
    public static int[] Reversed(int dimensions) => [.. Enumerable.Range(0, dimensions).Reverse()];

    /// <summary>An ordering drawn from a seed.</summary>
    public static int[] Shuffled(int dimensions, ulong seed)
    {
        int[] order = new int[dimensions];
        new CounterRandom(seed).Shuffle(order);
        return order;
    }

    /// <summary>The mask into a hidden layer, [inputs, units]: 1 where the unit's degree is at least that of its input.</summary>
    /// <param name="layer">The layer, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public float[] Hidden(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Layers);
        return Mask(_degrees[layer], _degrees[layer + 1], (input, unit) => unit >= input);
    }

    /// <summary>
    /// The mask from the last hidden layer to the outputs, [units, parameters * dimensions]: 1 where the output's degree is above the
    /// unit's.
    /// </summary>
    /// <param name="parameters">Outputs of each dimension; those of one parameter lie together.</param>
    public float[] Output(int parameters = 1) => Mask(_degrees[^1], Outputs(parameters), (unit, output) => output > unit);

    /// <summary>The mask from the inputs directly to the outputs, [inputs, parameters * dimensions].</summary>
    /// <param name="parameters">Outputs of each dimension; those of one parameter lie together.</param>
    public float[] Direct(int parameters = 1) => Mask(_degrees[0], Outputs(parameters), (input, output) => output > input);

    /// <summary>The number of inputs: dimensions and context.</summary>
    internal int Inputs => Dimensions + _context;

    private int[] Outputs(int parameters) => [.. Enumerable.Range(0, parameters).SelectMany(_ => _degrees[0].Take(Dimensions))];

    private static float[] Mask(int[] from, int[] to, Func<int, int, bool> connects)
    {
        float[] mask = new float[ArrayLength.Of("a mask", nameof(to), to.Length, from.Length)];
        for (int i = 0; i < from.Length; i++)
            for (int k = 0; k < to.Length; k++) mask[(i * to.Length) + k] = connects(from[i], to[k]) ? 1 : 0;
        return mask;
    }
}
