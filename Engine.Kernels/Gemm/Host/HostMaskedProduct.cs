namespace Engine.Kernels.Gemm.Host;

/// <summary>The outputs of a masked product that are connected to something infinite or NaN, on the host.</summary>
internal static unsafe class HostMaskedProduct
{
    /// <summary>Whether all elements are finite.</summary>
    internal readonly struct Finite(Storage x, bool* isFinite) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu) => *isFinite = IsFinite<T, V>(x.Pointer<T>(), x.Length);
    }

    internal readonly record struct Repair<TOp>(
        TOp Function, Storage X, Storage Weight, Storage Mask, Storage Y, MatMulShape Shape, Storage? Bias) : IVectorWork
        where TOp : unmanaged, IUnaryOp
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            RowJob<T, V, TOp> job = new()
            {
                Function = Function, X = X.Pointer<T>(), Weight = Weight.Pointer<T>(), Mask = Mask.Pointer<T>(), Y = Y.Pointer<T>(),
                Bias = Bias.PointerOrNull<T>(), Inputs = Shape.K, Outputs = Shape.N,
            };
            cpu.Workers.RunRows(job, Shape.M, 1);
        }
    }

    private static bool IsFinite<T, V>(T* x, int count)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        // x 0 is 0 for finite x and NaN for others.
        V zero = V.Of(0), a = zero, b = zero;
        int i = 0;
        for (; i <= count - (2 * V.Count); i += 2 * V.Count)
        {
            a = V.MulAdd(V.Load(x + i), zero, a);
            b = V.MulAdd(V.Load(x + i + V.Count), zero, b);
        }

        for (; i < count; i += V.Count) a = V.MulAdd(PartialVector.LoadUpTo<V, T>(x + i, count - i, zero), zero, a);
        return VectorTests.AreEqual<V, T>(a + b, zero);
    }

    private struct RowJob<T, V, TOp> : IRowJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : unmanaged, IUnaryOp
    {
        internal TOp Function;
        internal T* X, Weight, Mask, Y, Bias;
        internal int Inputs, Outputs;

        public readonly void Row(int row)
        {
            T* x = X + ((nint)row * Inputs), y = Y + ((nint)row * Outputs);
            if (IsFinite<T, V>(x, Inputs)) return;
            V zero = V.Of(0);
            for (int column = 0; column < Outputs; column += V.Count)
            {
                int left = Outputs - column;
                V sum = zero, seen = zero;
                for (int i = 0; i < Inputs; i++)
                {
                    nint at = ((nint)i * Outputs) + column;
                    V element = V.Fill(x[i]), connection = PartialVector.LoadUpTo<V, T>(Mask + at, left);
                    seen = V.Max(seen, MaskedProduct.IsSeen(element, connection));
                    sum = V.SelectEqual(connection, zero, sum, V.MulAdd(element, PartialVector.LoadUpTo<V, T>(Weight + at, left), sum));
                }

                if (Bias != null) sum += PartialVector.LoadUpTo<V, T>(Bias + column, left);
                V plain = PartialVector.LoadUpTo<V, T>(y + column, left);
                PartialVector.StoreUpTo(V.SelectEqual(seen, zero, plain, Function.Apply(sum)), y + column, left);
            }
        }
    }
}
