using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Movement.Host;

/// <summary>
/// Transposes a tile that fits the first-level cache: to[r, c] = from[c, r]. Blocks of 8 x 8 words of four bytes, or 4 x 4 of eight, go
/// through registers of 256 bits; half as many each way go through those of 128 where there are no others.
/// </summary>
internal static unsafe class TransposeTile
{
    /// <summary>Transposes one tile.</summary>
    /// <param name="from">The tile as <paramref name="columns"/> contiguous pieces of <paramref name="rows"/> elements.</param>
    /// <param name="fromStride">The distance of those pieces, in elements.</param>
    /// <param name="to">The tile as <paramref name="rows"/> contiguous pieces of <paramref name="columns"/> elements.</param>
    /// <param name="toStride">The distance of those pieces, in elements.</param>
    /// <param name="rows">Rows of the destination.</param>
    /// <param name="columns">Columns of the destination.</param>
    internal static void Run<T>(T* from, nint fromStride, T* to, nint toStride, int rows, int columns) where T : unmanaged
    {
        int blockRows = 0;
        int blockColumns = 0;
        if (Avx.IsSupported && sizeof(T) == 4)
        {
            blockRows = rows & ~7;
            blockColumns = columns & ~7;
            for (int column = 0; column < blockColumns; column += 8)
                for (int row = 0; row < blockRows; row += 8)
                    Block8((float*)(from + (column * fromStride) + row), fromStride, (float*)(to + (row * toStride) + column), toStride);
        }
        else if (Avx.IsSupported && sizeof(T) == 8)
        {
            blockRows = rows & ~3;
            blockColumns = columns & ~3;
            for (int column = 0; column < blockColumns; column += 4)
                for (int row = 0; row < blockRows; row += 4)
                    Block4((double*)(from + (column * fromStride) + row), fromStride, (double*)(to + (row * toStride) + column), toStride);
        }

        else if (RegisterBlock.IsSupported && sizeof(T) == 4)
        {
            blockRows = rows & ~3;
            blockColumns = columns & ~3;
            for (int column = 0; column < blockColumns; column += 4)
            {
                for (int row = 0; row < blockRows; row += 4) RegisterBlock.Four(
                    (float*)(from + (column * fromStride) + row), fromStride, (float*)(to + (row * toStride) + column), toStride);
            }
        }
        else if (RegisterBlock.IsSupported && sizeof(T) == 8)
        {
            blockRows = rows & ~1;
            blockColumns = columns & ~1;
            for (int column = 0; column < blockColumns; column += 2)
            {
                for (int row = 0; row < blockRows; row += 2) RegisterBlock.Two(
                    (double*)(from + (column * fromStride) + row), fromStride, (double*)(to + (row * toStride) + column), toStride);
            }
        }

        // Of whole blocks, as of rows of 8 or 16 that are summed, nothing is left, and the calls would be a tenth of the time.
        if (blockRows < rows) Plain(from, fromStride, to, toStride, blockRows, rows, 0, columns);
        if (blockColumns < columns) Plain(from, fromStride, to, toStride, 0, blockRows, blockColumns, columns);
    }

    private static void Plain<T>(T* from, nint fromStride, T* to, nint toStride, int rowStart, int rowEnd, int columnStart, int columnEnd)
        where T : unmanaged
    {
        for (int row = rowStart; row < rowEnd; row++)
        {
            T* line = to + (row * toStride);
            T* source = from + row;
            for (int column = columnStart; column < columnEnd; column++) line[column] = source[column * fromStride];
        }
    }

    // Words travel as floats or doubles: nothing is computed, so no bit changes. Halves are loaded crosswise, so that the
    // only shuffles left are within 128 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8(float* from, nint fromStride, float* to, nint toStride)
    {
        Half4(from, fromStride, to, toStride);
        Half4(from + 4, fromStride, to + (4 * toStride), toStride);
    }

    /// <summary>Four rows of eight columns: the lower half of each vector holds columns 0 to 3, the upper one columns 4 to 7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half4(float* from, nint fromStride, float* to, nint toStride)
    {
        float* upper = from + (4 * fromStride);
        Vector256<float> a = Vector256.Create(Vector128.Load(from), Vector128.Load(upper));
        Vector256<float> b = Vector256.Create(Vector128.Load(from + fromStride), Vector128.Load(upper + fromStride));
        Vector256<float> c = Vector256.Create(Vector128.Load(from + (2 * fromStride)), Vector128.Load(upper + (2 * fromStride)));
        Vector256<float> d = Vector256.Create(Vector128.Load(from + (3 * fromStride)), Vector128.Load(upper + (3 * fromStride)));

        Vector256<float> ab01 = Avx.UnpackLow(a, b);
        Vector256<float> ab23 = Avx.UnpackHigh(a, b);
        Vector256<float> cd01 = Avx.UnpackLow(c, d);
        Vector256<float> cd23 = Avx.UnpackHigh(c, d);

        Avx.Shuffle(ab01, cd01, 0b01_00_01_00).Store(to);
        Avx.Shuffle(ab01, cd01, 0b11_10_11_10).Store(to + toStride);
        Avx.Shuffle(ab23, cd23, 0b01_00_01_00).Store(to + (2 * toStride));
        Avx.Shuffle(ab23, cd23, 0b11_10_11_10).Store(to + (3 * toStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4(double* from, nint fromStride, double* to, nint toStride)
    {
        Half2(from, fromStride, to, toStride);
        Half2(from + 2, fromStride, to + (2 * toStride), toStride);
    }

    /// <summary>Two rows of four columns: the lower half of each vector holds columns 0 and 1, the upper one columns 2 and 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half2(double* from, nint fromStride, double* to, nint toStride)
    {
        double* upper = from + (2 * fromStride);
        Vector256<double> a = Vector256.Create(Vector128.Load(from), Vector128.Load(upper));
        Vector256<double> b = Vector256.Create(Vector128.Load(from + fromStride), Vector128.Load(upper + fromStride));
        Avx.UnpackLow(a, b).Store(to);
        Avx.UnpackHigh(a, b).Store(to + toStride);
    }
}
