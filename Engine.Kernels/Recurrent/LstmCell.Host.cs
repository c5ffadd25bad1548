using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Norms;

namespace Engine.Kernels.Recurrent;

public static unsafe partial class LstmCell
{
    private static void ForwardOnHost(
        CpuDevice cpu, RecurrentShape shape, int step, Storage input, Storage product, Storage hidden, Storage cell, Storage output,
        Storage gates, Storage hiddenBefore, Storage cellBefore)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (input.DType == DType.Float32)
        {
            if (wide) Run<float, Float512>();
            else Run<float, Float256>();
        }
        else
        {
            if (wide) Run<double, Double512>();
            else Run<double, Double256>();
        }

        void Run<T, V>() where T : unmanaged where V : unmanaged, IVectorLane<V, T>
        {
            ForwardJob<T, V> job = new()
            {
                Shape = shape, Step = step, Input = input.Pointer<T>(), Product = product.Pointer<T>(), Hidden = hidden.Pointer<T>(),
                Cell = cell.Pointer<T>(),
                Output = output.Pointer<T>(), Gates = gates.Pointer<T>(), HiddenBefore = hiddenBefore.Pointer<T>(),
                CellBefore = cellBefore.Pointer<T>(),
            };
            cpu.Workers.Run(ref job, CellChunks.Count(shape));
        }
    }

    private static void BackwardOnHost(
        CpuDevice cpu, RecurrentShape shape, int step, Storage gradient, Storage hiddenGradient, Storage cellGradient, Storage gates,
        Storage cellBefore, Storage inputGradient, Storage productGradient)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (gradient.DType == DType.Float32)
        {
            if (wide) Run<float, Float512>();
            else Run<float, Float256>();
        }
        else
        {
            if (wide) Run<double, Double512>();
            else Run<double, Double256>();
        }

        void Run<T, V>() where T : unmanaged where V : unmanaged, IVectorLane<V, T>
        {
            BackwardJob<T, V> job = new()
            {
                Shape = shape, Step = step, Gradient = gradient.Pointer<T>(), HiddenGradient = hiddenGradient.Pointer<T>(),
                CellGradient = cellGradient.Pointer<T>(),
                Gates = gates.Pointer<T>(), CellBefore = cellBefore.Pointer<T>(), InputGradient = inputGradient.Pointer<T>(),
                ProductGradient = productGradient.Pointer<T>(),
            };
            cpu.Workers.Run(ref job, CellChunks.Count(shape));
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
