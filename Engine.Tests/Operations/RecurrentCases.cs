using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>
/// Recurrent layers over whole sequences, beside the widths of vectors; with states from before and without. References are the equations
/// of PyTorch's documentation, a number at a time. Rounding errors are carried from step to step: they are measured against the sums that
/// go into a gate.
/// </summary>
internal static class RecurrentCases
{
    private static readonly (int Batch, int Steps, int Hidden)[] s_extents =
        [(1, 1, 1), (2, 3, 5), (1, 4, 3), (3, 2, 16), (2, 2, 17), (7, 5, 33)];

    private static readonly (bool First, bool Second)[] s_given = [(false, false), (true, true), (true, false), (false, true)];

    private static readonly (int Batch, int Rows, int Columns, int Hidden, int Taps)[] s_images =
        [(1, 1, 1, 1, 1), (1, 3, 2, 2, 3), (2, 2, 3, 3, 3), (1, 2, 4, 2, 5), (3, 4, 7, 16, 3)];

    internal static IEnumerable<OperationCase> All() =>
    [
        .. s_extents.SelectMany(_ => s_given, (e, s) => Lstm(e.Batch, e.Steps, e.Hidden, s.First, s.Second)),
        .. s_extents.SelectMany(_ => s_given, (e, s) => Gru(e.Batch, e.Steps, e.Hidden, s.First, s.Second)),
        .. s_images.SelectMany(e => ((bool[])[false, true]),
            (e, hasState) => RowLstm(e.Batch, e.Rows, e.Columns, e.Hidden, e.Taps, hasState)),
    ];

    // Both results one after the other.
    private static OperationCase Lstm(int batch, int steps, int hidden, bool hasHidden, bool hasCell)
    {
        List<Input> inputs = [new([batch, steps, 4 * hidden], Any), new([hidden, 4 * hidden], Between(-0.5, 0.5))];
        if (hasHidden) inputs.Add(new([batch, hidden], Any));
        if (hasCell) inputs.Add(new([batch, hidden], Any));
        return new OperationCase(
            "Tensor.Lstm",
            $"{batch} x {steps} x {hidden}{(hasHidden ? " with h" : "")}{(hasCell ? " with c" : "")}",
            [.. inputs],
            t =>
            {
                Tensor y = t[0].Lstm(t[1], hasHidden ? t[2] : null, hasCell ? t[^1] : null, out Tensor cell);
                return Tensor.Concat(0, y.Reshape(-1), cell.Reshape(-1));
            },
            v =>
            {
                Expected all = new((batch * steps * hidden) + (batch * hidden));
                for (int b = 0; b < batch; b++)
                {
                    double[] h = hasHidden ? v[2][(b * hidden)..((b + 1) * hidden)] : new double[hidden];
                    double[] c = hasCell ? v[^1][(b * hidden)..((b + 1) * hidden)] : new double[hidden];
                    for (int step = 0; step < steps; step++)
                    {
                        int from = ((b * steps) + step) * 4 * hidden;
                        double[] a = Product(h, v[1], 4 * hidden, out double terms);
                        for (int k = 0; k < a.Length; k++) a[k] += v[0][from + k];
                        for (int k = 0; k < hidden; k++)
                        {
                            h[k] = LstmState(a[k], a[hidden + k], a[(2 * hidden) + k], a[(3 * hidden) + k], ref c[k]);
                            int place = (((b * steps) + step) * hidden) + k;
                            (all.Values[place], all.Terms[place]) = (h[k], 2 + terms);
                            place = (batch * steps * hidden) + (b * hidden) + k;
                            (all.Values[place], all.Terms[place]) = (c[k], 2 + Math.Abs(c[k]) + terms);
                        }
                    }
                }

                return all;
            },
            Terms(steps * (hidden + 4)));
    }

    private static OperationCase Gru(int batch, int steps, int hidden, bool hasBias, bool hasHidden)
    {
        List<Input> inputs = [new([batch, steps, 3 * hidden], Any), new([hidden, 3 * hidden], Between(-0.5, 0.5))];
        if (hasBias) inputs.Add(new([3 * hidden], Any));
        if (hasHidden) inputs.Add(new([batch, hidden], Any));
        return new OperationCase(
            "Tensor.Gru",
            $"{batch} x {steps} x {hidden}{(hasBias ? " bias" : "")}{(hasHidden ? " with h" : "")}",
            [.. inputs],
            t => t[0].Gru(t[1], hasBias ? t[2] : null, hasHidden ? t[^1] : null),
            v =>
            {
                Expected all = new(batch * steps * hidden);
                for (int b = 0; b < batch; b++)
                {
                    double[] h = hasHidden ? v[^1][(b * hidden)..((b + 1) * hidden)] : new double[hidden];
                    for (int step = 0; step < steps; step++)
                    {
                        int from = ((b * steps) + step) * 3 * hidden;
                        double[] p = Product(h, v[1], 3 * hidden, out double terms);
                        for (int k = 0; k < p.Length && hasBias; k++) p[k] += v[2][k];
                        for (int k = 0; k < hidden; k++)
                        {
                            double r = References.Sigmoid(v[0][from + k] + p[k]),
                                z = References.Sigmoid(v[0][from + hidden + k] + p[hidden + k]);
                            double n = Math.Tanh(v[0][from + (2 * hidden) + k] + (r * p[(2 * hidden) + k]));
                            h[k] = ((1 - z) * n) + (z * h[k]);
                            int place = (((b * steps) + step) * hidden) + k;
                            (all.Values[place], all.Terms[place]) = (h[k], 4 + terms);
                        }
                    }
                }

                return all;
            },
            Terms(steps * (hidden + 4)));
    }

    private static OperationCase RowLstm(int batch, int rows, int columns, int hidden, int taps, bool hasState) => new(
        "Tensor.RowLstm",
        $"{batch} x {rows} x {columns} x {hidden}, {taps} taps{(hasState ? " with h and c" : "")}",
        [
            new([batch, rows, columns, 4 * hidden], Any), new([1, taps, hidden, 4 * hidden], Between(-0.5, 0.5)),
            .. (Input[])(hasState ? [new([batch, columns, hidden], Any), new([batch, columns, hidden], Any)] : []),
        ],
        t =>
        {
            Tensor y = t[0].RowLstm(t[1], hasState ? t[2] : null, hasState ? t[3] : null, out Tensor cell);
            return Tensor.Concat(0, y.Reshape(-1), cell.Reshape(-1));
        },
        v =>
        {
            Expected all = new(batch * (rows + 1) * columns * hidden);
            for (int image = 0; image < batch; image++)
            {
                double[][] h = new double[columns][], c = new double[columns][];
                for (int x = 0; x < columns; x++)
                {
                    int from = ((image * columns) + x) * hidden;
                    (h[x], c[x]) = hasState ? (v[2][from..(from + hidden)], v[3][from..(from + hidden)])
                        : (new double[hidden], new double[hidden]);
                }

                for (int y = 0; y < rows; y++)
                {
                    double[][] next = new double[columns][];
                    for (int x = 0; x < columns; x++)
                    {
                        int pixel = (((image * rows) + y) * columns) + x;
                        double[] a = v[0][(pixel * 4 * hidden)..((pixel + 1) * 4 * hidden)];
                        double terms = 2;
                        for (int tap = 0; tap < taps; tap++)
                        {
                            int from = x + tap - (taps / 2);
                            if (from < 0 || from >= columns) continue;
                            double[] p = Product(h[from], v[1][(tap * 4 * hidden * hidden)..((tap + 1) * 4 * hidden * hidden)], 4 * hidden,
                                out double more);
                            terms += more;
                            for (int k = 0; k < a.Length; k++) a[k] += p[k];
                        }

                        next[x] = new double[hidden];
                        for (int k = 0; k < hidden; k++)
                        {
                            next[x][k] = LstmState(a[k], a[hidden + k], a[(2 * hidden) + k], a[(3 * hidden) + k], ref c[x][k]);
                            (all.Values[(pixel * hidden) + k], all.Terms[(pixel * hidden) + k]) = (next[x][k], terms);
                            int last = (((batch * rows) + image) * columns * hidden) + (x * hidden) + k;
                            (all.Values[last], all.Terms[last]) = (c[x][k], terms + Math.Abs(c[x][k]));
                        }
                    }

                    h = next;
                }
            }

            return all;
        },
        Terms(rows * ((taps * hidden) + 4)));

    private static double LstmState(double i, double f, double g, double o, ref double cell)
    {
        cell = (References.Sigmoid(f) * cell) + (References.Sigmoid(i) * Math.Tanh(g));
        return References.Sigmoid(o) * Math.Tanh(cell);
    }

    /// <summary>h W, and the largest sum of absolute terms.</summary>
    private static double[] Product(double[] h, double[] weight, int outputs, out double terms)
    {
        double[] sums = new double[outputs];
        terms = 0;
        for (int k = 0; k < outputs; k++)
        {
            double absolute = 0;
            for (int j = 0; j < h.Length; j++)
            {
                sums[k] += h[j] * weight[(j * outputs) + k];
                absolute += Math.Abs(h[j] * weight[(j * outputs) + k]);
            }

            terms = Math.Max(terms, absolute);
        }

        return sums;
    }
}
