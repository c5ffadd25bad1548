using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Gemm.Gpu;

namespace Engine.Kernels.Conv;

/// <summary>How a GPU computes a convolution, or a gradient of one.</summary>
/// <param name="Rung">By which kernel.</param>
/// <param name="Splits">In how many parts each sum is split, that groups compute beside each other; 1 splits nothing.</param>
public readonly record struct Conv2dPlan(Conv2dRung Rung, int Splits = 1)
{
    /// <summary>A part that sums over less than this is not worth the memory that it goes through.</summary>
    private const int LeastDepth = 128;

    /// <summary>More parts than this cost more in memory than they bring.</summary>
    private const int MostSplits = 128;

    /// <summary>
    /// The plan for a product: the largest tile that is not mostly outside the matrix (rows are many as a rule, columns are channels of a
    /// group), and as many parts of each sum as make two groups for each multiprocessor. The gradient of a weight needs them: it has few
    /// elements and sums over all places of all images.
    /// </summary>
    /// <param name="rows">Rows of the product.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="depth">What is summed over.</param>
    /// <param name="products">How many such products there are.</param>
    /// <param name="largest">The best rung of large tiles that device and type allow.</param>
    /// <param name="multiprocessors">Those of the device.</param>
    internal static Conv2dPlan For(int rows, int columns, int depth, int products, Conv2dRung largest, int multiprocessors)
    {
        // Tiles of columns are the second extent of a grid, which ends here.
        if ((columns - 1) / SharedTileConv2d.Tile >= SharedTileMatMul.MaxGrid) return new(Conv2dRung.Naive);
        if (rows < SharedTileConv2d.Tile / 2 || columns < SharedTileConv2d.Tile / 2) return new(Conv2dRung.Naive);
        bool large = rows > RegisterTileConv2d.Tile / 2 && columns > RegisterTileConv2d.Tile / 2;
        int tile = large ? RegisterTileConv2d.Tile : SharedTileConv2d.Tile;
        long groups = (long)((rows + tile - 1) / tile) * ((columns + tile - 1) / tile) * products;
        long wanted = groups >= multiprocessors ? 1 : ((2L * multiprocessors) + groups - 1) / groups;
        return new(large ? largest : Conv2dRung.SharedTile, (int)Math.Clamp(Math.Min(wanted, depth / LeastDepth), 1, MostSplits));
    }

    /// <summary>What may be fastest: the plan that the rules choose first, then every tile, whole and split.</summary>
    internal static IEnumerable<Conv2dPlan> Candidates(
        int rows, int columns, int depth, int products, Conv2dRung largest, int multiprocessors)
    {
        Conv2dPlan byRule = For(rows, columns, depth, products, largest, multiprocessors);
        if (byRule.Rung == Conv2dRung.Naive) return [byRule];
        int most = Math.Clamp(depth / LeastDepth, 1, MostSplits);
        IEnumerable<int> splits = ((int[])[1, 2, 4, 8, 16, 32, 64, 128]).Where(splits => splits <= most);
        Conv2dRung[] rungs = largest > Conv2dRung.RegisterTile ? [Conv2dRung.SharedTile, Conv2dRung.RegisterTile, largest]
            : [Conv2dRung.SharedTile, largest];
        return rungs.SelectMany(rung => splits.Select(split => new Conv2dPlan(rung, split))).Prepend(byRule).Distinct();
    }

    /// <summary>The depths of each split but the last: whole steps of every rung.</summary>
    internal static int SplitDepth(int depth, int splits) =>
        (((depth + splits - 1) / splits) + RegisterTileConv2d.Depth - 1) / RegisterTileConv2d.Depth * RegisterTileConv2d.Depth;
}
