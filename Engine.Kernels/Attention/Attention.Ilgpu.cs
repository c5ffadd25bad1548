using Engine.Kernels.Ladder;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

// The derivative. A group of 16 x 16 threads has a tile of 16 rows of the result and walks over the tiles of the other side. Scores of a tile are a product of two
// tiles in shared memory; weights go through shared memory to the sums, of which each thread keeps four columns in registers. Rows that are wider than
// 64 numbers are cut among groups, which compute the scores again. No two threads add to one element.
public static partial class Attention
{
    private const int Tile = 16, Line = Tile + 1, Depth = 32, DepthLine = Depth + 1, Columns = 4 * Tile;

    private static void ForwardOnIlgpu(IlgpuDevice device, AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp)
    {
        if (output.DType == DType.Float32) ForwardOnIlgpu<FloatScalar>(device, q, k, v, shape, output, logSumExp);
        else ForwardOnIlgpu<DoubleScalar>(device, q, k, v, shape, output, logSumExp);
    }

    private static void BackwardOnIlgpu(
        IlgpuDevice device, AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp, Storage g,
        AttentionRows? dq, AttentionRows? dk, AttentionRows? dv)
    {
        if (g.DType == DType.Float32) BackwardOnIlgpu<FloatScalar>(device, q, k, v, shape, output, logSumExp, g, dq, dk, dv);
        else BackwardOnIlgpu<DoubleScalar>(device, q, k, v, shape, output, logSumExp, g, dq, dk, dv);
    }

    private static void BackwardOnIlgpu<TLane>(
        IlgpuDevice device, AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp, Storage g,
        AttentionRows? dq, AttentionRows? dk, AttentionRows? dv)
        where TLane : unmanaged, ILane<TLane>
    {
        Storage sums = device.Allocate(g.DType, (int)shape.Rows);
        try
        {
            Walk walk = new(shape);
            Inputs inputs = new(new(q), new(k), new(v));
            ArrayView<TLane> queries = IlgpuStorage.ViewOf<TLane>(q.Storage), keys = IlgpuStorage.ViewOf<TLane>(k.Storage), values = IlgpuStorage.ViewOf<TLane>(v.Storage);
            ArrayView<TLane> logs = IlgpuStorage.ViewOf<TLane>(logSumExp), gradient = IlgpuStorage.ViewOf<TLane>(g), rowSums = IlgpuStorage.ViewOf<TLane>(sums);
            if (shape.Queries > 0)
            {
                Action<Index1D, Walk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> sumKernel = RowSumKernel;
                device.Launcher(sumKernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                    (int)shape.Rows, walk, gradient, IlgpuStorage.ViewOf<TLane>(output), rowSums);
            }

            if (dq is { } toQ && shape.Queries > 0)
            {
                Action<Walk, Inputs, Place, TLane, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = QueryKernel;
                device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    Groups(shape, shape.Queries, shape.Width), walk, inputs, new Place(toQ), TLane.Of(shape.Scale), queries, keys, values, gradient, logs, rowSums,
                    IlgpuStorage.ViewOf<TLane>(toQ.Storage));
            }

            RunKeyKernel(dk, 1);
            RunKeyKernel(dv, 0);

            void RunKeyKernel(AttentionRows? to, int ofKeys)
            {
                if (to is not { } there) return;
                Action<Walk, Inputs, Place, int, TLane, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = KeyKernel;
                device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    Groups(shape, shape.Keys, shape.Width), walk, inputs, new Place(there), ofKeys, TLane.Of(shape.Scale), queries, keys, values, gradient, logs, rowSums,
                    IlgpuStorage.ViewOf<TLane>(there.Storage));
            }
        }
        finally
        {
            sums.Release();
        }
    }

    private static KernelConfig Groups(in AttentionShape shape, int rows, int width) => new(
        new Index3D((rows + Tile - 1) / Tile, (width + Columns - 1) / Columns, Math.Min(shape.Batch * shape.Heads, SharedTileMatMul.MaxGrid)), new Index3D(Tile, Tile, 1));

    /// <summary>One thread computes rowsum(dO O) = rowsum(P dP) of a query.</summary>
    private static void RowSumKernel<TLane>(Index1D row, Walk walk, ArrayView<TLane> g, ArrayView<TLane> output, ArrayView<TLane> sums)
        where TLane : unmanaged, ILane<TLane>
    {
        int at = walk.OutputRow(row / walk.Queries, row % walk.Queries);
        TLane sum = TLane.Of(0);
        for (int i = 0; i < walk.Width; i++) sum = TLane.MulAdd(g[at + i], output[at + i], sum);
        sums[row] = sum;
    }

    /// <summary>A group computes up to 64 columns of 16 rows of dQ.</summary>
    private static void QueryKernel<TLane>(
        Walk walk, Inputs inputs, Place ofDq, TLane scale, ArrayView<TLane> q, ArrayView<TLane> k, ArrayView<TLane> v, ArrayView<TLane> g, ArrayView<TLane> logSumExp,
        ArrayView<TLane> rowSums, ArrayView<TLane> dq)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> left = SharedMemory.Allocate<TLane>(Tile * DepthLine), right = SharedMemory.Allocate<TLane>(Tile * DepthLine);
        ArrayView<TLane> weights = SharedMemory.Allocate<TLane>(Tile * Line);
        int x = Group.IdxX, y = Group.IdxY, first = Grid.IdxX * Tile, query = first + y, column = (Grid.IdxY * Columns) + x;
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            TLane c0 = TLane.Of(0), c1 = c0, c2 = c0, c3 = c0;
            TLane log = query < walk.Queries ? logSumExp[(item * walk.Queries) + query] : TLane.Of(0), rowSum = query < walk.Queries ? rowSums[(item * walk.Queries) + query] : TLane.Of(0);
            int end = walk.Visible(IntrinsicMath.Min(first + Tile, walk.Queries) - 1);
            int keyHead = inputs.K.Head(walk, item);
            for (int key = 0; key < end; key += Tile)
            {
                TLane score = scale * Product(walk, left, right, q, inputs.Q.Head(walk, item), inputs.Q.Pitch, first, walk.Queries, k, keyHead, inputs.K.Pitch, key, walk.Keys);
                TLane product = Product(
                    walk, left, right, g, walk.OutputRow(item, 0), walk.Channels, first, walk.Queries, v, inputs.V.Head(walk, item), inputs.V.Pitch, key, walk.Keys);
                bool isSeen = query < walk.Queries && key + x < walk.Keys && key + x < walk.Visible(query);
                weights[(y * Line) + x] = isSeen ? LaneMath.Exp(score - log) * (product - rowSum) * scale : TLane.Of(0);
                Group.Barrier();
                AddRows(walk, weights, k, keyHead, inputs.K.Pitch, key, walk.Keys, column, ref c0, ref c1, ref c2, ref c3);
                Group.Barrier();
            }

            if (query < walk.Queries) Write(walk, dq, ofDq.Head(walk, item) + (query * ofDq.Pitch), column, c0, c1, c2, c3);
        }
    }

    /// <summary>A group computes up to 64 columns of 16 rows of dK, or of dV.</summary>
    private static void KeyKernel<TLane>(
        Walk walk, Inputs inputs, Place ofResult, int ofKeys, TLane scale, ArrayView<TLane> q, ArrayView<TLane> k, ArrayView<TLane> v, ArrayView<TLane> g, ArrayView<TLane> logSumExp,
        ArrayView<TLane> rowSums, ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> left = SharedMemory.Allocate<TLane>(Tile * DepthLine), right = SharedMemory.Allocate<TLane>(Tile * DepthLine);
        ArrayView<TLane> weights = SharedMemory.Allocate<TLane>(Tile * Line);
        int x = Group.IdxX, y = Group.IdxY, first = Grid.IdxX * Tile, key = first + y, column = (Grid.IdxY * Columns) + x;
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            TLane c0 = TLane.Of(0), c1 = c0, c2 = c0, c3 = c0;
            int queryHead = inputs.Q.Head(walk, item), gradientHead = walk.OutputRow(item, 0);

            // Queries before the first key of the tile do not attend to any of it.
            for (int query = walk.FirstQuery(first) / Tile * Tile; query < walk.Queries; query += Tile)
            {
                TLane score = scale * Product(walk, left, right, k, inputs.K.Head(walk, item), inputs.K.Pitch, first, walk.Keys, q, queryHead, inputs.Q.Pitch, query, walk.Queries);
                int own = query + x;
                bool isSeen = own < walk.Queries && key < walk.Keys && key < walk.Visible(own);
                TLane weight = isSeen ? LaneMath.Exp(score - logSumExp[(item * walk.Queries) + own]) : TLane.Of(0);
                if (ofKeys != 0)
                {
                    TLane product = Product(
                        walk, left, right, v, inputs.V.Head(walk, item), inputs.V.Pitch, first, walk.Keys, g, gradientHead, walk.Channels, query, walk.Queries);
                    if (isSeen) weight *= (product - rowSums[(item * walk.Queries) + own]) * scale;
                }

                weights[(y * Line) + x] = weight;
                Group.Barrier();
                if (ofKeys != 0) AddRows(walk, weights, q, queryHead, inputs.Q.Pitch, query, walk.Queries, column, ref c0, ref c1, ref c2, ref c3);
                else AddRows(walk, weights, g, gradientHead, walk.Channels, query, walk.Queries, column, ref c0, ref c1, ref c2, ref c3);
                Group.Barrier();
            }

            if (key < walk.Keys) Write(walk, result, ofResult.Head(walk, item) + (key * ofResult.Pitch), column, c0, c1, c2, c3);
        }
    }

    /// <summary>Each thread's element of a tile of A Bᵀ, both of rows of the width: row y of A's tile with row x of B's. All threads of the group have to call this.</summary>
    private static TLane Product<TLane>(
        Walk walk, ArrayView<TLane> left, ArrayView<TLane> right, ArrayView<TLane> a, int headA, int pitchA, int firstA, int rowsA, ArrayView<TLane> b, int headB, int pitchB, int firstB, int rowsB)
        where TLane : unmanaged, ILane<TLane>
    {
        int x = Group.IdxX, y = Group.IdxY;
        TLane sum = TLane.Of(0);
        for (int d = 0; d < walk.Width; d += Depth)
        {
            for (int i = x; i < Depth; i += Tile)
            {
                left[(y * DepthLine) + i] = firstA + y < rowsA && d + i < walk.Width ? a[headA + ((firstA + y) * pitchA) + d + i] : TLane.Of(0);
                right[(y * DepthLine) + i] = firstB + y < rowsB && d + i < walk.Width ? b[headB + ((firstB + y) * pitchB) + d + i] : TLane.Of(0);
            }

            Group.Barrier();
            int steps = IntrinsicMath.Min(Depth, walk.Width - d);
            for (int i = 0; i < steps; i++) sum = TLane.MulAdd(left[(y * DepthLine) + i], right[(x * DepthLine) + i], sum);
            Group.Barrier();
        }

        return sum;
    }

    /// <summary>Adds 16 rows, times the weights of the thread's row, to its four columns.</summary>
    private static void AddRows<TLane>(
        Walk walk, ArrayView<TLane> weights, ArrayView<TLane> rows, int head, int pitch, int first, int count, int column, ref TLane c0, ref TLane c1, ref TLane c2, ref TLane c3)
        where TLane : unmanaged, ILane<TLane>
    {
        int y = Group.IdxY, steps = IntrinsicMath.Min(Tile, count - first);
        for (int i = 0; i < steps; i++)
        {
            TLane weight = weights[(y * Line) + i];
            int at = head + ((first + i) * pitch) + column;
            if (column < walk.Width) c0 = TLane.MulAdd(weight, rows[at], c0);
            if (column + Tile < walk.Width) c1 = TLane.MulAdd(weight, rows[at + Tile], c1);
            if (column + (2 * Tile) < walk.Width) c2 = TLane.MulAdd(weight, rows[at + (2 * Tile)], c2);
            if (column + (3 * Tile) < walk.Width) c3 = TLane.MulAdd(weight, rows[at + (3 * Tile)], c3);
        }
    }

    private static void Write<TLane>(Walk walk, ArrayView<TLane> to, int row, int column, TLane c0, TLane c1, TLane c2, TLane c3)
        where TLane : unmanaged, ILane<TLane>
    {
        if (column < walk.Width) to[row + column] = c0;
        if (column + Tile < walk.Width) to[row + column + Tile] = c1;
        if (column + (2 * Tile) < walk.Width) to[row + column + (2 * Tile)] = c2;
        if (column + (3 * Tile) < walk.Width) to[row + column + (3 * Tile)] = c3;
    }

    /// <summary>The extents as GPU kernels take them; an item is a head of a sequence.</summary>
    internal readonly struct Walk(AttentionShape shape)
    {
        private readonly int _isCausal = shape.IsCausal ? 1 : 0;

        internal readonly int Heads = shape.Heads, Queries = shape.Queries, Keys = shape.Keys, Width = shape.Width, Items = shape.Batch * shape.Heads, Channels = shape.Channels;

        /// <summary>How many keys a query attends to.</summary>
        internal int Visible(int query) => _isCausal != 0 ? query + 1 + Keys - Queries : Keys;

        /// <summary>The first query that attends to a key.</summary>
        internal int FirstQuery(int key) => _isCausal != 0 ? IntrinsicMath.Max(0, key - (Keys - Queries)) : 0;

        /// <summary>Where the row of a query is in the contiguous output.</summary>
        internal int OutputRow(int item, int query) => ((((item / Heads) * Queries) + query) * Channels) + (item % Heads * Width);
    }

    /// <summary>Where rows lie.</summary>
    internal readonly struct Place(AttentionRows rows)
    {
        private readonly int _start = rows.Start, _batchPitch = rows.BatchPitch;
        private readonly int _isWide = (rows.Start | rows.Pitch | rows.BatchPitch) % 4 == 0 ? 1 : 0;

        internal readonly int Pitch = rows.Pitch;

        /// <summary>Whether four neighbours of a row can be read at once.</summary>
        internal bool IsWide(Walk walk) => _isWide != 0 && (walk.Width & 3) == 0;

        internal int Head(Walk walk, int item) => _start + (item / walk.Heads * _batchPitch) + (item % walk.Heads * walk.Width);
    }

    /// <summary>Where the three inputs lie.</summary>
    internal readonly struct Inputs(Place q, Place k, Place v)
    {
        internal readonly Place Q = q, K = k, V = v;
    }
}
