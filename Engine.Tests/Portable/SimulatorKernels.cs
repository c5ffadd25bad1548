using ILGPU;

namespace Engine.Tests;

/// <summary>A functor that a generic kernel takes as a parameter.</summary>
internal interface IScalarOp
{
    float Apply(float x);
}

/// <summary>Multiplies and adds.</summary>
internal readonly struct Affine(float scale, float shift) : IScalarOp
{
    public float Apply(float x) => (x * scale) + shift;
}

/// <summary>Sixteen bytes: what a card loads at once.</summary>
internal struct Quad
{
    public float A, B, C, D;
}

/// <summary>Kernels that show one property of a device each.</summary>
internal static class SimulatorKernels
{
    public static void Map<TOp>(Index1D i, ArrayView<float> x, ArrayView<float> y, TOp op)
        where TOp : unmanaged, IScalarOp => y[i] = op.Apply(x[i]);

    public static void Transpose(Index2D at, ArrayView<int> source, ArrayView<int> target, int width, int height) =>
        target[(at.X * height) + at.Y] = source[(at.Y * width) + at.X];

    public static void Coordinates(ArrayView<int> target)
    {
        Index3D at = Grid.GlobalIndex;
        int width = Grid.DimX * Group.DimX;
        int height = Grid.DimY * Group.DimY;
        int linear = at.X + (width * (at.Y + (height * at.Z)));
        int linearInGroup = Group.IdxX + (Group.DimX * (Group.IdxY + (Group.DimY * Group.IdxZ)));
        target[linear] = (Grid.IdxX * 1000000) + (Grid.IdxY * 100000) + (Grid.IdxZ * 10000) + (Group.IdxX * 1000)
            + (Group.IdxY * 100) + (Group.IdxZ * 10) + (Group.LinearIndex == linearInGroup ? 1 : 0);
    }

    public static void ReverseInGroup(ArrayView<int> data)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(256);
        int i = Grid.GlobalIndex.X;
        shared[Group.IdxX] = data[i];
        Group.Barrier();
        data[i] = shared[Group.DimX - 1 - Group.IdxX];
    }

    public static void TreeSum(ArrayView<float> x, ArrayView<float> sums)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(256);
        int t = Group.IdxX;
        shared[t] = x[Grid.GlobalIndex.X];
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (t < half)
            {
                shared[t] += shared[t + half];
            }

            Group.Barrier();
        }

        if (t == 0)
        {
            sums[Grid.IdxX] = shared[0];
        }
    }

    public static void WarpSum(ArrayView<int> x, ArrayView<int> sums)
    {
        int i = Grid.GlobalIndex.X;
        int sum = x[i];
        for (int delta = Warp.WarpSize / 2; delta > 0; delta /= 2)
        {
            sum += Warp.ShuffleDown(sum, delta);
        }

        if (Warp.IsFirstLane)
        {
            sums[i / Warp.WarpSize] = sum;
        }
    }

    public static void Shuffles(ArrayView<int> target)
    {
        int lane = Warp.LaneIdx;
        int at = Group.IdxX * 4;
        target[at] = Warp.ShuffleXor(lane, 5);
        target[at + 1] = Warp.ShuffleDown(lane, 3);
        target[at + 2] = Warp.ShuffleUp(lane, 2);
        target[at + 3] = Warp.Shuffle(lane * 10, 7);
    }

    public static void Histogram(Index1D i, ArrayView<int> values, ArrayView<int> bins, ArrayView<float> total, ArrayView<int> largest)
    {
        Atomic.Add(ref bins[values[i]], 1);
        Atomic.Add(ref total[0], 0.5f);
        Atomic.Max(ref largest[0], values[i]);
    }

    public static void LocalReverse(Index1D i, ArrayView<int> data)
    {
        ArrayView<int> own = LocalMemory.Allocate<int>(8);
        for (int k = 0; k < 8; k++)
        {
            own[k] = data[(i * 8) + k];
        }

        for (int k = 0; k < 8; k++)
        {
            data[(i * 8) + k] = own[7 - k];
        }
    }

    public static void AddQuads(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<Quad> x4 = x.Cast<Quad>();
        ArrayView<Quad> y4 = y.Cast<Quad>();
        Quad a = x4[i];
        Quad b = y4[i];
        a.A += b.A;
        a.B += b.B;
        a.C += b.C;
        a.D += b.D;
        y4[i] = a;
    }

    public static void Bits(Index1D i, ArrayView<float> x, ArrayView<float> y) =>
        y[i] = Interop.IntAsFloat(Interop.FloatAsInt(x[i]) ^ 0x80000000u) + IntrinsicMath.Max(0f, IntrinsicMath.Abs(x[i]));

    /// <summary>C = A B with square tiles of 16 in shared memory; M, N and K are any.</summary>
    public static void TiledMatMul(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int m, int n, int k)
    {
        ArrayView<float> tileA = SharedMemory.Allocate<float>(256);
        ArrayView<float> tileB = SharedMemory.Allocate<float>(256);
        int column = (Grid.IdxX * 16) + Group.IdxX;
        int row = (Grid.IdxY * 16) + Group.IdxY;
        int at = (Group.IdxY * 16) + Group.IdxX;
        float sum = 0;
        for (int step = 0; step < k; step += 16)
        {
            tileA[at] = row < m && step + Group.IdxX < k ? a[(row * k) + step + Group.IdxX] : 0f;
            tileB[at] = column < n && step + Group.IdxY < k ? b[((step + Group.IdxY) * n) + column] : 0f;
            Group.Barrier();
            for (int i = 0; i < 16; i++)
            {
                sum += tileA[(Group.IdxY * 16) + i] * tileB[(i * 16) + Group.IdxX];
            }

            Group.Barrier();
        }

        if (row < m && column < n)
        {
            c[(row * n) + column] = sum;
        }
    }

    public static void CountInGroup(ArrayView<int> x, ArrayView<int> counts)
    {
        int count = Group.BarrierPopCount(x[Grid.GlobalIndex.X] > 0);
        int first = Group.Broadcast(x[Grid.GlobalIndex.X], 0);
        if (Group.IsFirstThread)
        {
            counts[Grid.IdxX] = (count * 1000) + first;
        }
    }

    public static void Grow(ArrayView<int> target)
    {
        ArrayView<int> dynamic = SharedMemory.GetDynamic<int>();
        dynamic[Group.IdxX] = Group.IdxX * 2;
        Group.Barrier();
        target[Group.IdxX] = dynamic[dynamic.IntLength - 1 - Group.IdxX];
    }

    public static void HalfAtBarrier(ArrayView<int> data)
    {
        if (Group.IdxX < Group.DimX / 2)
        {
            Group.Barrier();
        }

        data[Group.IdxX] = 1;
    }

    public static void WriteBehindTheEnd(ArrayView<int> data)
    {
        Group.Barrier();
        data[Group.IdxX] = 1;
        Group.Barrier();
    }

    public static void MuchSharedMemory(ArrayView<float> data)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(16 * 1024);
        data[0] = shared[0];
    }

    public static void UninitialisedShared(ArrayView<float> data)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(4);
        data[Group.IdxX] = shared[Group.IdxX];
        Group.Barrier();
        shared[Group.IdxX] = 1f;
    }

    public static void BarrierWithoutGroup(Index1D i, ArrayView<int> data)
    {
        Group.Barrier();
        data[i] = 1;
    }

    public static void TakesBool(Index1D i, ArrayView<int> data, bool flag) => data[i] = flag ? 1 : 0;
}
