using System.Runtime.CompilerServices;
using Engine.Kernels.Ladder;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

// The forward pass, as in FlashAttention: one walk over the keys, with a running maximum m and a running sum l of e^(score - m) for each query. Where a tile of keys brings a larger maximum, what is there
// already, sum and output, is multiplied by e^(old m - new m). The matrix of weights is a tile of shared memory at a time, and queries, keys and values are read in 16-byte loads.
//
// A group of 16 x 16 threads has 64 queries and up to 64 columns of their outputs, and takes 32 keys at a time. In the product of queries and keys a thread has 4 x 2 scores, in that of weights and values
// 4 x 4 outputs, all in registers: 16 multiplications for two reads of 16 bytes from shared memory. Tiles of queries, keys and weights lie turned, so that these reads are of neighbours. The
// sixteen threads of a query are half a warp, and find its maximum by shuffles. What bounds it are the multiplications, 4 keys x width for each query; memory sees the keys and values once for every 64 queries.
public static partial class Attention
{
    private const int GroupQueries = 64, GroupKeys = 32, Deep = 16, GroupThreads = 256;

    /// <summary>Fours from one row of a turned tile to the next: one more than there are, so that writing it does not meet in one bank of memory.</summary>
    private const int QueryLine = (GroupQueries / 4) + 1, KeyLine = (GroupKeys / 4) + 1, ValueLine = Columns / 4;

    private static void ForwardOnIlgpu<TLane>(IlgpuDevice device, AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp)
        where TLane : unmanaged, ILane<TLane>
    {
        KernelConfig config = new(
            new Index3D((shape.Queries + GroupQueries - 1) / GroupQueries, (shape.Width + Columns - 1) / Columns, Math.Min(shape.Batch * shape.Heads, SharedTileMatMul.MaxGrid)),
            new Index3D(GroupThreads, 1, 1));
        Action<Walk, Inputs, TLane, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = ForwardKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            config, new Walk(shape), new Inputs(new(q), new(k), new(v)), TLane.Of(shape.Scale), IlgpuStorage.ViewOf<TLane>(q.Storage), IlgpuStorage.ViewOf<TLane>(k.Storage),
            IlgpuStorage.ViewOf<TLane>(v.Storage), IlgpuStorage.ViewOf<TLane>(output), IlgpuStorage.ViewOf<TLane>(logSumExp));
    }

    /// <summary>A group computes up to 64 columns of 64 rows of the output, and their log-sum-exps.</summary>
    private static void ForwardKernel<TLane>(
        Walk walk, Inputs inputs, TLane scale, ArrayView<TLane> q, ArrayView<TLane> k, ArrayView<TLane> v, ArrayView<TLane> output, ArrayView<TLane> logSumExp)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<Four<TLane>> queries = SharedMemory.Allocate<Four<TLane>>(Deep * QueryLine), keys = SharedMemory.Allocate<Four<TLane>>(Deep * KeyLine);
        ArrayView<Four<TLane>> weights = SharedMemory.Allocate<Four<TLane>>(GroupKeys * QueryLine), values = SharedMemory.Allocate<Four<TLane>>(GroupKeys * ValueLine);
        int thread = Group.IdxX, x = thread % 16, y = thread / 16, first = Grid.IdxX * GroupQueries, firstColumn = Grid.IdxY * Columns, query = first + (4 * y);
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            int headQ = inputs.Q.Head(walk, item), headK = inputs.K.Head(walk, item), headV = inputs.V.Head(walk, item);
            TLane zero = TLane.Of(0);
            TLane m0 = TLane.Of(double.NegativeInfinity), m1 = m0, m2 = m0, m3 = m0, l0 = zero, l1 = zero, l2 = zero, l3 = zero;
            Four<TLane> c0 = Fours.Of(zero), c1 = c0, c2 = c0, c3 = c0;
            int end = walk.Visible(IntrinsicMath.Min(first + GroupQueries, walk.Queries) - 1);
            for (int key = 0; key < end; key += GroupKeys)
            {
                // Scores of the thread's four queries with keys 2 x and 2 x + 1 of the tile.
                Four<TLane> even = Fours.Of(zero), odd = even;
                for (int depth = 0; depth < walk.Width; depth += Deep)
                {
                    Turn(queries, QueryLine, thread, OfRow(walk, q, inputs.Q, headQ, first + (thread / 4), walk.Queries, depth + (thread % 4 * 4)));
                    if (thread < 4 * GroupKeys) Turn(keys, KeyLine, thread, OfRow(walk, k, inputs.K, headK, key + (thread / 4), walk.Keys, depth + (thread % 4 * 4)));
                    Group.Barrier();
                    ArrayView<TLane> single = keys.Cast<TLane>();
                    for (int i = 0; i < Deep; i++)
                    {
                        Four<TLane> four = queries[(i * QueryLine) + y];
                        even = Four<TLane>.MulAdd(single[(i * 4 * KeyLine) + (2 * x)], four, even);
                        odd = Four<TLane>.MulAdd(single[(i * 4 * KeyLine) + (2 * x) + 1], four, odd);
                    }

                    Group.Barrier();
                }

                for (int i = thread; i < GroupKeys * ValueLine; i += GroupThreads)
                    values[i] = OfRow(walk, v, inputs.V, headV, key + (i / ValueLine), walk.Keys, firstColumn + (i % ValueLine * 4));

                int own = key + (2 * x);
                Weigh(walk, query, own, scale, even.X, odd.X, ref m0, ref l0, ref c0, out TLane p0, out TLane r0);
                Weigh(walk, query + 1, own, scale, even.Y, odd.Y, ref m1, ref l1, ref c1, out TLane p1, out TLane r1);
                Weigh(walk, query + 2, own, scale, even.Z, odd.Z, ref m2, ref l2, ref c2, out TLane p2, out TLane r2);
                Weigh(walk, query + 3, own, scale, even.W, odd.W, ref m3, ref l3, ref c3, out TLane p3, out TLane r3);
                weights[(2 * x * QueryLine) + y] = new(p0, p1, p2, p3);
                weights[(((2 * x) + 1) * QueryLine) + y] = new(r0, r1, r2, r3);
                Group.Barrier();

                // Keys past the last have weight 0 and value 0. The next tile writes weights and values after a barrier of its scores.
                for (int i = 0; i < GroupKeys; i++)
                {
                    Four<TLane> weight = weights[(i * QueryLine) + y], value = values[(i * ValueLine) + x];
                    c0 = Four<TLane>.MulAdd(weight.X, value, c0);
                    c1 = Four<TLane>.MulAdd(weight.Y, value, c1);
                    c2 = Four<TLane>.MulAdd(weight.Z, value, c2);
                    c3 = Four<TLane>.MulAdd(weight.W, value, c3);
                }
            }

            Finish(walk, item, query, firstColumn + (4 * x), m0, l0, c0, output, logSumExp);
            Finish(walk, item, query + 1, firstColumn + (4 * x), m1, l1, c1, output, logSumExp);
            Finish(walk, item, query + 2, firstColumn + (4 * x), m2, l2, c2, output, logSumExp);
            Finish(walk, item, query + 3, firstColumn + (4 * x), m3, l3, c3, output, logSumExp);
        }
    }

    /// <summary>Four neighbouring numbers of a row; zeros outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> OfRow<TLane>(Walk walk, ArrayView<TLane> view, Place place, int head, int row, int rows, int column) where TLane : unmanaged, ILane<TLane> =>
        Fours.Load(view, head + (row * place.Pitch) + column, row < rows ? walk.Width - column : 0, place.IsWide(walk), TLane.Of(0));

    /// <summary>Writes four neighbours of row thread / 4, from column 4 (thread % 4), into a tile that lies column by column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn<TLane>(ArrayView<Four<TLane>> tile, int line, int thread, Four<TLane> four) where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> single = tile.Cast<TLane>();
        int at = (thread % 4 * 4 * 4 * line) + (thread / 4);
        single[at] = four.X;
        single[at + (4 * line)] = four.Y;
        single[at + (8 * line)] = four.Z;
        single[at + (12 * line)] = four.W;
    }

    // m' = max(m, scores), l = l e^(m - m') + sum(e^(score - m')), c = c e^(m - m'): with two scores of the thread, and a maximum over the half warp. l is the thread's own share of the sum.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weigh<TLane>(
        Walk walk, int query, int key, TLane scale, TLane even, TLane odd, ref TLane m, ref TLane l, ref Four<TLane> c, out TLane weight, out TLane oddWeight)
        where TLane : unmanaged, ILane<TLane>
    {
        int visible = query < walk.Queries ? walk.Visible(query) : 0;
        TLane none = TLane.Of(double.NegativeInfinity), zero = TLane.Of(0);
        TLane a = key < visible ? scale * even : none, b = key + 1 < visible ? scale * odd : none;
        TLane largest = TLane.Max(a, b);
        for (int distance = 8; distance > 0; distance /= 2) largest = TLane.Max(largest, Warp.ShuffleXor(largest, distance));
        largest = TLane.Max(m, largest);

        // Where nothing was seen so far both are minus infinity, and their difference is none.
        TLane kept = TLane.SelectEqual(m, largest, TLane.Of(1), LaneMath.Exp(m - largest));
        weight = key < visible ? LaneMath.Exp(a - largest) : zero;
        oddWeight = key + 1 < visible ? LaneMath.Exp(b - largest) : zero;
        m = largest;
        l = TLane.MulAdd(l, kept, weight + oddWeight);
        c = new(c.X * kept, c.Y * kept, c.Z * kept, c.W * kept);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TLane>(Walk walk, int item, int query, int column, TLane m, TLane l, Four<TLane> c, ArrayView<TLane> output, ArrayView<TLane> logSumExp)
        where TLane : unmanaged, ILane<TLane>
    {
        for (int distance = 8; distance > 0; distance /= 2) l += Warp.ShuffleXor(l, distance);
        if (query >= walk.Queries) return;
        Fours.Store(output, walk.OutputRow(item, query) + column, walk.Width - column, (walk.Width & 3) == 0, new Four<TLane>(c.X / l, c.Y / l, c.Z / l, c.W / l));
        if (column == 0) logSumExp[(item * walk.Queries) + query] = m + LaneMath.Log(l);
    }
}
