using System.Runtime.CompilerServices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;

namespace Engine.Kernels.Attention;

// The two products that attention and its gradients are made of. A group of 256 threads, thread (x, y) of 16 x 16, has 64 rows of its
// result (queries, or in the gradients of keys and values keys) and up to 64 of their columns, and walks over the rows of the other side 32
// at a time.
//
// MultiplyRows: 64 rows with 32, over the width: a thread has 4 x 2 products. AddWeighted: weights of 64 x 32 with 32 rows of up to 64
// columns: a thread has 4 x 4 sums. All are in registers: 16 multiplications for two reads of 16 bytes from shared memory. The tiles of
// rows and of weights lie turned, so that these reads are of neighbours; memory is read in 16 bytes, too.
public static partial class ScaledDotProductAttention
{
    private const int Many = 64, Few = 32, Columns = 64, Deep = 16, GroupThreads = 256;

    /// <summary>
    /// Fours from one row of a turned tile to the next: one more than there are, so that writing it does not meet in one bank of memory.
    /// </summary>
    private const int ManyLine = (Many / 4) + 1, FewLine = (Few / 4) + 1, ValueLine = Columns / 4;

    private static KernelConfig Groups(in AttentionShape shape, int rows) => new(
        new Index3D((rows + Many - 1) / Many, (shape.Width + Columns - 1) / Columns,
            Math.Min(shape.Batch * shape.Heads, SharedTileMatMul.MaxGrid)), new Index3D(GroupThreads, 1, 1));

    /// <summary>
    /// The products of a thread's rows 4 y to 4 y + 3 of 64 rows of a with the rows 2 x and 2 x + 1 of 32 of b. All threads of the group
    /// have to call this. It ends behind a barrier, and begins with one before anything that <see cref="AddWeighted"/> reads may be written
    /// again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyRows<TLane>(
        Walk walk, ArrayView<Four<TLane>> many, ArrayView<Four<TLane>> few, ArrayView<TLane> a, Place placeA, int headA, int firstA,
        int rowsA,
        ArrayView<TLane> b, Place placeB, int headB, int firstB, int rowsB, out Four<TLane> even, out Four<TLane> odd)
        where TLane : unmanaged, ILane<TLane>
    {
        int thread = Group.IdxX, x = thread % 16, y = thread / 16;
        even = Fours.Of(TLane.Of(0));
        odd = even;
        for (int depth = 0; depth < walk.Width; depth += Deep)
        {
            Turn(many, ManyLine, thread, OfRow(walk, a, placeA, headA, firstA + (thread / 4), rowsA, depth + (thread % 4 * 4)));
            if (thread < 4 * Few) Turn(
                few, FewLine, thread, OfRow(walk, b, placeB, headB, firstB + (thread / 4), rowsB, depth + (thread % 4 * 4)));
            Group.Barrier();
            ArrayView<TLane> single = few.Cast<TLane>();
            for (int i = 0; i < Deep; i++)
            {
                Four<TLane> four = many[(i * ManyLine) + y];
                even = Four<TLane>.MulAdd(single[(i * 4 * FewLine) + (2 * x)], four, even);
                odd = Four<TLane>.MulAdd(single[(i * 4 * FewLine) + (2 * x) + 1], four, odd);
            }

            Group.Barrier();
        }
    }

    /// <summary>Brings 32 rows of up to 64 columns into a tile that lies row by row; zeros outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TLane>(
        Walk walk, ArrayView<Four<TLane>> tile, ArrayView<TLane> view, Place place, int head, int first, int rows, int firstColumn)
        where TLane : unmanaged, ILane<TLane>
    {
        for (int i = Group.IdxX; i < Few * ValueLine; i += GroupThreads) tile[i] =
            OfRow(walk, view, place, head, first + (i / ValueLine), rows, firstColumn + (i % ValueLine * 4));
    }

    /// <summary>Adds 32 rows, times their weights for each of the thread's four rows, to the thread's four columns of these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddWeighted<TLane>(
        ArrayView<Four<TLane>> weights, ArrayView<Four<TLane>> values, ref Four<TLane> c0, ref Four<TLane> c1, ref Four<TLane> c2,
        ref Four<TLane> c3)
        where TLane : unmanaged, ILane<TLane>
    {
        int x = Group.IdxX % 16, y = Group.IdxX / 16;

        // Rows past the last have weight 0 and value 0.
        for (int i = 0; i < Few; i++)
        {
            Four<TLane> weight = weights[(i * ManyLine) + y], value = values[(i * ValueLine) + x];
            c0 = Four<TLane>.MulAdd(weight.X, value, c0);
            c1 = Four<TLane>.MulAdd(weight.Y, value, c1);
            c2 = Four<TLane>.MulAdd(weight.Z, value, c2);
            c3 = Four<TLane>.MulAdd(weight.W, value, c3);
        }
    }

    /// <summary>Four neighbouring numbers of a row; zeros outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> OfRow<TLane>(Walk walk, ArrayView<TLane> view, Place place, int head, int row, int rows, int column)
        where TLane : unmanaged, ILane<TLane> =>
        Fours.Load(view, head + (row * place.Pitch) + column, row < rows ? walk.Width - column : 0, place.IsWide(walk), TLane.Of(0));

    /// <summary>Writes four neighbours of row thread / 4, from column 4 (thread % 4), into a tile that lies column by column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn<TLane>(ArrayView<Four<TLane>> tile, int line, int thread, Four<TLane> four)
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
