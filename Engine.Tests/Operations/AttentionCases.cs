using static Engine.Tests.Operations.Draws;

namespace Engine.Tests.Operations;

/// <summary>
/// Attention, beside the width of vectors, the blocks of queries and the tiles of groups. A weight is off by what its score is off by,
/// which goes with the terms of the score; so values in float32 are held against terms of as many numbers as a row of scores and a score
/// have.
/// </summary>
internal static class AttentionCases
{
    internal static IEnumerable<OperationCase> All() =>
    [
        .. (((int Batch, int Time, int Heads, int Width)[])
            [(1, 1, 1, 1), (1, 2, 1, 3), (2, 3, 2, 2), (1, 5, 1, 4), (1, 7, 2, 16), (1, 17, 1, 3), (2, 16, 1, 1), (1, 9, 1, 17),
                (1, 2, 1, 70), (3, 49, 1, 20), (2, 64, 4, 32), (1, 33, 1, 128), (1, 131, 3, 7)])
            .SelectMany(c => (OperationCase[])[Self(c.Batch, c.Time, c.Heads, c.Width, true),
                Self(c.Batch, c.Time, c.Heads, c.Width, false)]),
        .. (((int Batch, int Queries, int Keys, int Heads, int Width)[])[(1, 1, 1, 1, 2), (2, 1, 5, 2, 3), (1, 3, 7, 1, 4), (1, 4, 4, 1, 5),
            (2, 2, 19, 1, 2), (2, 37, 70, 2, 16), (1, 0, 3, 1, 2)])
            .SelectMany(c => (OperationCase[])[Cross(c.Batch, c.Queries, c.Keys, c.Heads, c.Width, true),
                Cross(c.Batch, c.Queries, c.Keys, c.Heads, c.Width, false)]),
        Cross(1, 5, 2, 1, 3, false),
    ];

    private static OperationCase Self(int batch, int time, int heads, int width, bool causal) => new(
        "Tensor.SelfAttention",
        $"[{batch}, {time}, 3 x {heads} x {width}]{(causal ? " causal" : "")}",
        [new([batch, time, 3 * heads * width], Any)],
        t => t[0].SelfAttention(heads, causal),
        v =>
        {
            int channels = heads * width;
            return Attend(
                batch, time, time, heads, width, causal,
                (part, b, t, c) => v[0][(((b * time) + t) * 3 * channels) + (part * channels) + c]);
        },
        Tolerance.Terms(width + time));

    private static OperationCase Cross(int batch, int queries, int keys, int heads, int width, bool causal) => new(
        "Tensor.Attention",
        $"[{batch}, {queries} of {keys}, {heads} x {width}]{(causal ? " causal" : "")}",
        [new([batch, queries, heads * width], Any), new([batch, keys, heads * width], Any), new([batch, keys, heads * width], Any)],
        t => t[0].Attention(t[1], t[2], heads, causal),
        v => Attend(batch, queries, keys, heads, width, causal,
            (part, b, t, c) => v[part][(((b * (part == 0 ? queries : keys)) + t) * heads * width) + c]),
        Tolerance.Terms(width + keys));

    private static Expected Attend(
        int batch, int queries, int keys, int heads, int width, bool causal, Func<int, int, int, int, double> number)
    {
        Expected y = new(batch * queries * heads * width);
        for (int b = 0; b < batch; b++)
            for (int h = 0; h < heads; h++)
                for (int query = 0; query < queries; query++)
                {
                    int seen = causal ? query + 1 + keys - queries : keys;
                    double[] scores = new double[seen], sizes = new double[seen];
                    for (int key = 0; key < seen; key++)
                        for (int d = 0; d < width; d++)
                        {
                            double term = number(0, b, query, (h * width) + d) * number(1, b, key, (h * width) + d) / Math.Sqrt(width);
                            scores[key] += term;
                            sizes[key] += Math.Abs(term);
                        }

                    double sum = scores.Sum(Math.Exp);
                    for (int key = 0; key < seen; key++)
                        for (int d = 0; d < width; d++)
                        {
                            int at = (((b * queries) + query) * heads * width) + (h * width) + d;
                            double term = Math.Exp(scores[key]) / sum * number(2, b, key, (h * width) + d);
                            y.Values[at] += term;
                            y.Terms[at] += Math.Abs(term) * (1 + sizes[key]);
                        }
                }

        return y;
    }
}
