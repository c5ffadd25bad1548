using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Movement;
using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Optimizers.Gpu;

/// <summary>Sums of squares as GPU kernels.</summary>
/// <remarks>
/// All arrays are read in one launch, by the table of chunks that an optimiser's step uses (<see cref="ChunkTables"/>), and one sum comes
/// back to the host. Squares are added up in float64: a card for computing has float64 units enough for one multiplication and addition for
/// each 4 bytes read.
/// </remarks>
internal static class GpuSumOfSquares
{
    /// <summary>The sum over arrays of one type, left on the device.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Run(GpuDevice device, ReadOnlySpan<Storage> arrays, Storage sum)
    {
        if (!device.HasAddresses) Composed(device, arrays, sum);
        else if (arrays[0].DType == DType.Float32) Run<float, FloatToDouble>(device, arrays, sum);
        else Run<double, DoubleToDouble>(device, arrays, sum);
    }

    private static unsafe void Run<T, TConversion>(GpuDevice device, ReadOnlySpan<Storage> arrays, Storage sum)
        where T : unmanaged
        where TConversion : unmanaged, IConversion<T, double>
    {
        ChunkTables tables = device.Tables;
        lock (tables)
        {
            Span<ArrayChunk> all = tables.Describe(arrays.Length);
            for (int i = 0; i < all.Length; i++) all[i] = new() { X = AddressOf(arrays[i]), Count = arrays[i].Length };
            ChunkTable table = tables.Of(all, sizeof(T));
            if (table.Count == 0)
            {
                Move.Fill(sum, 0);
                return;
            }

            using Scratch partial = new(device, DType.Float64, table.Count);
            device.Launcher(ChunkKernel<T, TConversion>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                (new Index1D(table.Count), new Index1D(Threads)), ViewOf<ArrayChunk>(table.Storage), ViewOf<DoubleScalar>(partial));
            Reduce.Sum(partial, [table.Count], [0], sum);
        }
    }

    private const int Threads = 256;

    /// <summary>One group adds up one chunk. A thread takes two elements before it uses the first.</summary>
    private static unsafe void ChunkKernel<T, TConversion>(ArrayView<ArrayChunk> chunks, ArrayView<DoubleScalar> partial)
        where T : unmanaged
        where TConversion : unmanaged, IConversion<T, double>
    {
        ArrayChunk chunk = chunks[Grid.IdxX];
        T* x = (T*)chunk.X;
        double sum = 0;
        for (int i = Group.IdxX; i < chunk.Count; i += 2 * Group.DimX)
        {
            int j = i + Group.DimX;
            double a = TConversion.Of(x[i]), b = TConversion.Of(x[IntrinsicMath.Min(j, chunk.Count - 1)]);
            sum += a * a;
            if (j < chunk.Count) sum += b * b;
        }

        DoubleScalar total = OneGroup.Total(new DoubleScalar(sum), default(SumReduction));
        if (Group.IdxX == 0) partial[Grid.IdxX] = total;
    }

    /// <summary>Composed of other kernels, where arrays have no addresses.</summary>
    private static void Composed(GpuDevice device, ReadOnlySpan<Storage> arrays, Storage sum)
    {
        using Scratch parts = new(device, DType.Float64, arrays.Length);
        Move.Fill(parts, 0);
        for (int i = 0; i < arrays.Length; i++)
        {
            if (arrays[i].Length == 0) continue;
            using Scratch squares = new(device, DType.Float64, arrays[i].Length);
            if (arrays[i].DType == DType.Float64) Move.Copy(arrays[i], squares);
            else Move.Convert(arrays[i], squares);
            Map.Unary(squares, squares, default(Square));
            Reduce.Sum(squares, [arrays[i].Length], [0], sum);
            Move.WriteSlice(sum, new Shape(1), parts, new Shape(arrays.Length), [i]);
        }

        Reduce.Sum(parts, [arrays.Length], [0], sum);
    }

    /// <summary>No conversion.</summary>
    internal readonly struct DoubleToDouble : IConversion<double, double>
    {
        public static double Of(double x) => x;
    }
}
