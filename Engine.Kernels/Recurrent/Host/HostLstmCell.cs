namespace Engine.Kernels.Recurrent.Host;

internal static unsafe class HostLstmCell
{
    internal readonly record struct Forward(
        RecurrentShape Shape, int Step, Storage Input, Storage Product, Storage Hidden, Storage Cell, Storage Output,
        Storage Gates, Storage HiddenBefore, Storage CellBefore) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            ForwardJob<T, V> job = new()
            {
                Shape = Shape, Step = Step, Input = Input.Pointer<T>(), Product = Product.Pointer<T>(), Hidden = Hidden.Pointer<T>(),
                Cell = Cell.Pointer<T>(), Output = Output.Pointer<T>(), Gates = Gates.Pointer<T>(),
                HiddenBefore = HiddenBefore.Pointer<T>(), CellBefore = CellBefore.Pointer<T>(),
            };
            cpu.Workers.Run(ref job, CellRows.Chunks(Shape));
        }
    }

    internal readonly record struct Backward(
        RecurrentShape Shape, int Step, Storage Gradient, Storage HiddenGradient, Storage CellGradient, Storage Gates,
        Storage CellBefore, Storage InputGradient, Storage ProductGradient) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            BackwardJob<T, V> job = new()
            {
                Shape = Shape, Step = Step, Gradient = Gradient.Pointer<T>(), HiddenGradient = HiddenGradient.Pointer<T>(),
                CellGradient = CellGradient.Pointer<T>(), Gates = Gates.Pointer<T>(), CellBefore = CellBefore.Pointer<T>(),
                InputGradient = InputGradient.Pointer<T>(), ProductGradient = ProductGradient.Pointer<T>(),
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
        public T* Input, Product, Hidden, Cell, Output, Gates, HiddenBefore, CellBefore;

        public readonly void Run(int chunk) => CellRows.Walk<T, V, ForwardJob<T, V>>(this, Shape, Step, chunk);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<TReach>(TReach reach, nint own, nint place, int k) where TReach : struct, IReach<T, V>
        {
            int n = Shape.Hidden;
            T* input = Input + (4 * place) + k, product = Product + (4 * own) + k, gates = Gates + (4 * place) + k;
            V i = reach.Load(input) + reach.Load(product);
            V f = reach.Load(input + n) + reach.Load(product + n);
            V g = reach.Load(input + (2 * n)) + reach.Load(product + (2 * n));
            V o = reach.Load(input + (3 * n)) + reach.Load(product + (3 * n));
            V c = reach.Load(Cell + own + k);
            reach.Store(c, CellBefore + place + k);
            reach.Store(reach.Load(Hidden + own + k), HiddenBefore + place + k);
            LstmFormulas.Forward(ref i, ref f, ref g, ref o, ref c, out V h);
            reach.Store(i, gates);
            reach.Store(f, gates + n);
            reach.Store(g, gates + (2 * n));
            reach.Store(o, gates + (3 * n));
            reach.Store(c, Cell + own + k);
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
        public T* Gradient, HiddenGradient, CellGradient, Gates, CellBefore, InputGradient, ProductGradient;

        public readonly void Run(int chunk) => CellRows.Walk<T, V, BackwardJob<T, V>>(this, Shape, Step, chunk);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<TReach>(TReach reach, nint own, nint place, int k) where TReach : struct, IReach<T, V>
        {
            int n = Shape.Hidden;
            T* gates = Gates + (4 * place) + k, input = InputGradient + (4 * place) + k, product = ProductGradient + (4 * own) + k;
            V i = reach.Load(gates), f = reach.Load(gates + n), g = reach.Load(gates + (2 * n)), o = reach.Load(gates + (3 * n));
            V dHidden = reach.Load(Gradient + place + k) + reach.Load(HiddenGradient + own + k), dCell = reach.Load(CellGradient + own + k);
            LstmFormulas.Backward(ref i, ref f, ref g, ref o, reach.Load(CellBefore + place + k), dHidden, ref dCell);
            reach.Store(dCell, CellGradient + own + k);
            reach.Store(i, input);
            reach.Store(f, input + n);
            reach.Store(g, input + (2 * n));
            reach.Store(o, input + (3 * n));
            reach.Store(i, product);
            reach.Store(f, product + n);
            reach.Store(g, product + (2 * n));
            reach.Store(o, product + (3 * n));
        }
    }
}
