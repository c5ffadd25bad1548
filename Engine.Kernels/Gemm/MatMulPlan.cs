using Engine.Kernels.Gemm.Gpu;

namespace Engine.Kernels.Gemm;

/// <summary>How a GPU computes a product.</summary>
/// <param name="Rung">By which kernel.</param>
/// <param name="Parts">In how many parts the sum over K is split, that groups compute beside each other; 1 splits nothing.</param>
public readonly record struct MatMulPlan(MatMulRung Rung, int Parts = 1)
{
    /// <summary>A part that sums over less than this is not worth the memory that it goes through.</summary>
    private const int LeastPartDepth = 64;

    /// <summary>More parts than this cost more in memory than they bring.</summary>
    private const int MostParts = 64;

    /// <summary>
    /// The plan for a shape. Tiles of 128 x 128 pay when they are not mostly outside the matrix and there are enough of them, or of parts
    /// of their sums, to keep the card's multiprocessors busy; tiles of 16 x 16 when they are not mostly outside it.
    /// </summary>
    /// <param name="shape">The product.</param>
    /// <param name="largest">The best rung of large tiles that device, type and precision allow: <see cref="MatMulRung.RegisterTile"/> or
    /// one above.</param>
    /// <param name="multiprocessors">Those of the device.</param>
    internal static MatMulPlan For(in MatMulShape shape, MatMulRung largest, int multiprocessors)
    {
        const int tile = RegisterTileMatMul.Tile;

        // Tiles of columns are the second extent of a grid, which ends here.
        if ((shape.N - 1) / SharedTileMatMul.Tile >= SharedTileMatMul.MaxGrid) return new(MatMulRung.Naive);
        if (shape.M < SharedTileMatMul.Tile / 2 || shape.N < SharedTileMatMul.Tile / 2) return new(MatMulRung.Naive);
        long tiles = (long)((shape.M + tile - 1) / tile) * ((shape.N + tile - 1) / tile) * shape.Batch;
        bool fits = shape.M >= tile / 2 && shape.N >= tile / 2;

        // Four large tiles do the work of 256 small ones, some ten times as fast: from a tile for each fourth multiprocessor on they win.
        int parts = fits ? PartsFor(tiles, shape, multiprocessors) : 1;
        return fits && tiles * parts * 4 >= multiprocessors ? new(largest, parts) : new(MatMulRung.SharedTile);
    }

    /// <summary>As many parts as make at least two groups for each multiprocessor, if the sum is long enough.</summary>
    internal static int PartsFor(long tiles, in MatMulShape shape, int multiprocessors)
    {
        if (shape.Batch > 1 || tiles >= multiprocessors) return 1;
        long wanted = ((2L * multiprocessors) + tiles - 1) / tiles;
        return (int)Math.Clamp(Math.Min(wanted, shape.K / LeastPartDepth), 1, MostParts);
    }

    /// <summary>What may be fastest: the plan that the rules choose first, then every tile, whole and in parts.</summary>
    internal static IEnumerable<MatMulPlan> Candidates(MatMulShape shape, MatMulRung largest, int multiprocessors)
    {
        MatMulPlan byRule = For(shape, largest, multiprocessors);
        if (byRule.Rung == MatMulRung.Naive) return [byRule];
        int most = shape.Batch > 1 ? 1 : Math.Clamp(shape.K / LeastPartDepth, 1, MostParts);
        IEnumerable<int> parts = ((int[])[1, 2, 4, 8, 16, 32, 64]).Where(parts => parts <= most);
        MatMulRung[] rungs = largest > MatMulRung.RegisterTile ? [MatMulRung.SharedTile, MatMulRung.RegisterTile, largest]
            : [MatMulRung.SharedTile, largest];
        return rungs.SelectMany(rung => parts.Select(part => new MatMulPlan(rung, part))).Prepend(byRule).Distinct();
    }
}
