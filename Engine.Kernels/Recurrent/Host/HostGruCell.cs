namespace Engine.Kernels.Recurrent.Host;

internal static unsafe class HostGruCell
{
    internal readonly record struct Forward(
        RecurrentShape Shape, int Step, Storage Input, Storage Product, Storage Hidden, Storage Output, Storage Kept,
        Storage HiddenBefore) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            ForwardJob<T, V> job = new()
            {
                Shape = Shape, Step = Step, Input = Input.Pointer<T>(), Product = Product.Pointer<T>(), Hidden = Hidden.Pointer<T>(),
                Output = Output.Pointer<T>(), Kept = Kept.Pointer<T>(), HiddenBefore = HiddenBefore.Pointer<T>(),
            };
            cpu.Workers.Run(ref job, CellRows.Chunks(Shape));
        }
    }

    internal readonly record struct Backward(
        RecurrentShape Shape, int Step, Storage Gradient, Storage HiddenGradient, Storage Kept, Storage HiddenBefore,
        Storage InputGradient, Storage ProductGradient, Storage ProductGradients) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            BackwardJob<T, V> job = new()
            {
                Shape = Shape, Step = Step, Gradient = Gradient.Pointer<T>(), HiddenGradient = HiddenGradient.Pointer<T>(),
                Kept = Kept.Pointer<T>(), HiddenBefore = HiddenBefore.Pointer<T>(), InputGradient = InputGradient.Pointer<T>(),
                ProductGradient = ProductGradient.Pointer<T>(), ProductGradients = ProductGradients.Pointer<T>(),
            };
            cpu.Workers.Run(ref job, CellRows.Chunks(Shape));
        }
    }

    private struct ForwardJob<T, V> : IJob, ICellJob<T, V>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        public RecurrentShape Shape;
        public int Step;
        public T* Input, Product, Hidden, Output, Kept, HiddenBefore;

        public readonly void Run(int chunk) => CellRows.Walk<T, V, ForwardJob<T, V>>(this, Shape, Step, chunk);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<TReach>(TReach reach, nint own, nint place, int k) where TReach : struct, IReach<T, V>
        {
            int count = Shape.Hidden;
            T* input = Input + (3 * place) + k, product = Product + (3 * own) + k, kept = Kept + (4 * place) + k;
            V r = reach.Load(input) + reach.Load(product), z = reach.Load(input + count) + reach.Load(product + count);
            V p = reach.Load(product + (2 * count)), h = reach.Load(Hidden + own + k);
            reach.Store(h, HiddenBefore + place + k);
            GruFormulas.Forward(ref r, ref z, reach.Load(input + (2 * count)), p, out V n, ref h);
            reach.Store(r, kept);
            reach.Store(z, kept + count);
            reach.Store(n, kept + (2 * count));
            reach.Store(p, kept + (3 * count));
            reach.Store(h, Hidden + own + k);
            reach.Store(h, Output + place + k);
        }
    }

    private struct BackwardJob<T, V> : IJob, ICellJob<T, V>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        public RecurrentShape Shape;
        public int Step;
        public T* Gradient, HiddenGradient, Kept, HiddenBefore, InputGradient, ProductGradient, ProductGradients;

        public readonly void Run(int chunk) => CellRows.Walk<T, V, BackwardJob<T, V>>(this, Shape, Step, chunk);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<TReach>(TReach reach, nint own, nint place, int k) where TReach : struct, IReach<T, V>
        {
            int count = Shape.Hidden;
            T* kept = Kept + (4 * place) + k;
            V r = reach.Load(kept), z = reach.Load(kept + count), n = reach.Load(kept + (2 * count)), p = reach.Load(kept + (3 * count));
            V dHidden = reach.Load(Gradient + place + k) + reach.Load(HiddenGradient + own + k);
            GruFormulas.Backward(ref r, ref z, ref n, ref p, reach.Load(HiddenBefore + place + k), ref dHidden);
            reach.Store(dHidden, HiddenGradient + own + k);
            Store(reach, InputGradient + (3 * place) + k, r, z, n);
            Store(reach, ProductGradient + (3 * own) + k, r, z, p);
            Store(reach, ProductGradients + (3 * place) + k, r, z, p);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Store<TReach>(TReach reach, T* target, V r, V z, V n) where TReach : struct, IReach<T, V>
        {
            reach.Store(r, target);
            reach.Store(z, target + Shape.Hidden);
            reach.Store(n, target + (2 * Shape.Hidden));
        }
    }
}
