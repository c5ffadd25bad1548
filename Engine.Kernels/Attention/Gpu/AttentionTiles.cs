using Engine.Kernels.Gemm.Gpu;

namespace Engine.Kernels.Attention.Gpu;

/// <summary>
/// The two products that attention and its gradients are made of. A group of 256 threads, thread (x, y) of 16 x 16, has 64 rows of its
/// result (queries, or in the gradients of keys and values keys) and up to 64 of their columns, and walks over the rows of the other side
/// in steps of 32.
/// </summary>
/// <remarks>
/// <see cref="MultiplyRows"/>: 64 rows with 32, over the width: a thread has 4 x 2 products. <see cref="AddWeighted"/>: weights of 64 x 32
/// with 32 rows of up to 64 columns: a thread has 4 x 4 sums. All are in registers: 16 multiplications for two reads of 16 bytes from
/// shared memory. The tiles of rows and of weights are transposed, so that these reads are of neighbours; memory is read in 16 bytes, too.
/// </remarks>
internal static class AttentionTiles
{
    /// <summary>
    /// Rows and columns of a group's result, rows of the other side in a step, elements of a row in a step over the width, and threads.
    /// </summary>
    internal const int RowTile = 64, ColumnTile = 64, StepTile = 32, DepthTile = 16, GroupThreads = 256;

    /// <summary>
    /// Fours from one row of a transposed tile to the next: one more than there are, so that writes to it do not conflict in one bank.
    /// </summary>
    internal const int RowPitch = (RowTile / 4) + 1, StepPitch = (StepTile / 4) + 1, ColumnPitch = ColumnTile / 4;

    internal static KernelConfig Groups(in AttentionShape shape, int rows) => new(
        new Index3D((rows + RowTile - 1) / RowTile, (shape.Width + ColumnTile - 1) / ColumnTile,
            Math.Min(shape.Batch * shape.Heads, SharedTileMatMul.MaxGrid)), new Index3D(GroupThreads, 1, 1));

    /// <summary>
    /// The products of a thread's rows 4 y to 4 y + 3 of 64 rows of a with the rows 2 x and 2 x + 1 of 32 of b. All threads of the group
    /// have to call this. It ends behind a barrier, and begins with one before anything that <see cref="AddWeighted"/> reads may be written
    /// again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void MultiplyRows<TLane>(
        AttentionWalk walk, ArrayView<Four<TLane>> tileA, ArrayView<Four<TLane>> tileB, ArrayView<TLane> a, AttentionPlace placeA,
        int headA, int firstA,
        int rowsA, ArrayView<TLane> b, AttentionPlace placeB, int headB, int firstB, int rowsB, out Four<TLane> even, out Four<TLane> odd)
        where TLane : unmanaged, ILane<TLane>
    {
        int thread = Group.IdxX, x = thread % 16, y = thread / 16;
        even = Fours.Of(TLane.Of(0));
        odd = even;
        for (int depth = 0; depth < walk.Width; depth += DepthTile)
        {
            StoreTransposed(tileA, RowPitch, thread,
                LoadFour(walk, a, placeA, headA, firstA + (thread / 4), rowsA, depth + (thread % 4 * 4)));
            if (thread < 4 * StepTile) StoreTransposed(
                tileB, StepPitch, thread, LoadFour(walk, b, placeB, headB, firstB + (thread / 4), rowsB, depth + (thread % 4 * 4)));
            Group.Barrier();
            ArrayView<TLane> single = tileB.Cast<TLane>();
            for (int i = 0; i < DepthTile; i++)
            {
                Four<TLane> four = tileA[(i * RowPitch) + y];
                even = Four<TLane>.MulAdd(single[(i * 4 * StepPitch) + (2 * x)], four, even);
                odd = Four<TLane>.MulAdd(single[(i * 4 * StepPitch) + (2 * x) + 1], four, odd);
            }

            Group.Barrier();
        }
    }

    /// <summary>Loads 32 rows of up to 64 columns into a tile of whole rows; zeros outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void LoadStep<TLane>(
        AttentionWalk walk, ArrayView<Four<TLane>> tile, ArrayView<TLane> view, AttentionPlace place, int head, int first, int rows,
        int firstColumn)
        where TLane : unmanaged, ILane<TLane>
    {
        for (int i = Group.IdxX; i < StepTile * ColumnPitch; i += GroupThreads) tile[i] =
            LoadFour(walk, view, place, head, first + (i / ColumnPitch), rows, firstColumn + (i % ColumnPitch * 4));
    }

    /// <summary>Adds 32 rows, times their weights for each of the thread's four rows, to the thread's four columns of these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddWeighted<TLane>(
        ArrayView<Four<TLane>> weights, ArrayView<Four<TLane>> values, ref Four<TLane> c0, ref Four<TLane> c1, ref Four<TLane> c2,
        ref Four<TLane> c3)
        where TLane : unmanaged, ILane<TLane>
    {
        int x = Group.IdxX % 16, y = Group.IdxX / 16;

        // Rows past the last have weight 0 and value 0.
        for (int i = 0; i < StepTile; i++)
        {
            Four<TLane> weight = weights[(i * RowPitch) + y], value = values[(i * ColumnPitch) + x];
            c0 = Four<TLane>.MulAdd(weight.X, value, c0);
            c1 = Four<TLane>.MulAdd(weight.Y, value, c1);
            c2 = Four<TLane>.MulAdd(weight.Z, value, c2);
            c3 = Four<TLane>.MulAdd(weight.W, value, c3);
        }
    }

    /// <summary>
    /// As <see cref="AddWeighted"/>, for a step some of whose rows are hidden from some of the thread's: weights of 0 leave these out, even
    /// where they are infinite or NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddVisible<TLane>(
        ArrayView<Four<TLane>> weights, ArrayView<Four<TLane>> values, ref Four<TLane> c0, ref Four<TLane> c1, ref Four<TLane> c2,
        ref Four<TLane> c3)
        where TLane : unmanaged, ILane<TLane>
    {
        int x = Group.IdxX % 16, y = Group.IdxX / 16;
        for (int i = 0; i < StepTile; i++)
        {
            Four<TLane> weight = weights[(i * RowPitch) + y], value = values[(i * ColumnPitch) + x];
            c0 = UnlessZero(weight.X, Four<TLane>.MulAdd(weight.X, value, c0), c0);
            c1 = UnlessZero(weight.Y, Four<TLane>.MulAdd(weight.Y, value, c1), c1);
            c2 = UnlessZero(weight.Z, Four<TLane>.MulAdd(weight.Z, value, c2), c2);
            c3 = UnlessZero(weight.W, Four<TLane>.MulAdd(weight.W, value, c3), c3);
        }
    }

    /// <summary>Four values where a weight is not 0, four others where it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Four<TLane> UnlessZero<TLane>(TLane weight, Four<TLane> x, Four<TLane> otherwise)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane zero = TLane.Of(0);
        return new(
            TLane.SelectEqual(weight, zero, otherwise.X, x.X), TLane.SelectEqual(weight, zero, otherwise.Y, x.Y),
            TLane.SelectEqual(weight, zero, otherwise.Z, x.Z), TLane.SelectEqual(weight, zero, otherwise.W, x.W));
    }

    /// <summary>Four neighbouring elements of a row; zeros outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Four<TLane> LoadFour<TLane>(
        AttentionWalk walk, ArrayView<TLane> view, AttentionPlace place, int head, int row, int rows, int column)
        where TLane : unmanaged, ILane<TLane> =>
        Fours.Load(view, head + (row * place.Pitch) + column, row < rows ? walk.Width - column : 0, place.IsWide(walk), TLane.Of(0));

    /// <summary>Writes four neighbours of row thread / 4, from column 4 (thread % 4), into a transposed tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreTransposed<TLane>(ArrayView<Four<TLane>> tile, int line, int thread, Four<TLane> four)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> single = tile.Cast<TLane>();
        int at = (thread % 4 * 4 * 4 * line) + (thread / 4);
        single[at] = four.X;
        single[at + (4 * line)] = four.Y;
        single[at + (8 * line)] = four.Z;
        single[at + (12 * line)] = four.W;
    }
}

/// <summary>The extents as GPU kernels take them; an item is a head of a sequence.</summary>
internal readonly struct AttentionWalk(AttentionShape shape)
{
    private readonly int _isCausal = shape.IsCausal ? 1 : 0;

    internal readonly int Heads = shape.Heads, Queries = shape.Queries, Keys = shape.Keys, Width = shape.Width,
        Items = shape.Batch * shape.Heads, Channels = shape.Channels;

    /// <summary>How many keys a query attends to.</summary>
    internal int Visible(int query) => _isCausal != 0 ? query + 1 + Keys - Queries : Keys;

    /// <summary>Whether some of the keys of a step are hidden from some of the queries from <paramref name="query"/> on.</summary>
    internal bool HidesKeys(int query, int key) => _isCausal != 0 && key + AttentionTiles.StepTile > Visible(query);

    /// <summary>Whether some of the keys of a tile from <paramref name="key"/> on are hidden from some of the queries of a step.</summary>
    internal bool HidesFrom(int key, int query) => _isCausal != 0 && query < FirstQuery(key + AttentionTiles.RowTile - 1);

    /// <summary>The first query that attends to a key.</summary>
    internal int FirstQuery(int key) => _isCausal != 0 ? IntrinsicMath.Max(0, key - (Keys - Queries)) : 0;

    /// <summary>Where the row of a query is in the contiguous output.</summary>
    internal int OutputRow(int item, int query) => ((((item / Heads) * Queries) + query) * Channels) + (item % Heads * Width);
}

/// <summary>Where rows lie.</summary>
internal readonly struct AttentionPlace(AttentionRows rows)
{
    private readonly int _start = rows.Start, _batchPitch = rows.BatchPitch;
    private readonly int _isWide = (rows.Start | rows.Pitch | rows.BatchPitch) % 4 == 0 ? 1 : 0;

    internal readonly int Pitch = rows.Pitch;

    /// <summary>Whether four neighbours of a row can be read at once.</summary>
    internal bool IsWide(AttentionWalk walk) => _isWide != 0 && (walk.Width & 3) == 0;

    internal int Head(AttentionWalk walk, int item) => _start + (item / walk.Heads * _batchPitch) + (item % walk.Heads * walk.Width);
}

/// <summary>Where the three inputs lie.</summary>
internal readonly struct AttentionInputs(AttentionPlace q, AttentionPlace k, AttentionPlace v)
{
    internal readonly AttentionPlace Q = q, K = k, V = v;
}
