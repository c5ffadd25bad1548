using System.Numerics;
using Engine.Kernels.Devices;

namespace Engine.Kernels.Movement;

public static unsafe partial class Move
{
    /// <summary>Elements below which a second thread costs more than it brings.</summary>
    private const int ChunkElements = 16384;

    private static void RunHost(CpuDevice cpu, Storage x, int xStart, Storage y, int yStart, StridedCopy copy)
    {
        // Bits are moved, not numbers: float and int take the same way.
        if (x.DType.SizeInBytes() == 8) StridedCopyJob<ulong>.Run(cpu, x.Pointer<ulong>() + xStart, y.Pointer<ulong>() + yStart, copy);
        else StridedCopyJob<uint>.Run(cpu, x.Pointer<uint>() + xStart, y.Pointer<uint>() + yStart, copy);
    }

    private static void FillHost(CpuDevice cpu, Storage y, double value)
    {
        switch (y.DType)
        {
            case DType.Float32: FillHost<float>(cpu, y, (float)value); break;
            case DType.Float64: FillHost<double>(cpu, y, value); break;
            default: FillHost<int>(cpu, y, int.CreateSaturating(value)); break;
        }
    }

    private static void FillHost<T>(CpuDevice cpu, Storage y, T value) where T : unmanaged
    {
        FillJob<T> job = new() { Y = y.Pointer<T>(), Length = y.Length, Value = value };
        cpu.Workers.Run(ref job, Chunks(y.Length));
    }

    private static void ConvertHost(CpuDevice cpu, Storage x, Storage y)
    {
        switch (x.DType, y.DType)
        {
            case (DType.Float32, DType.Float64): ConvertHost<float, double>(cpu, x, y); break;
            case (DType.Float32, _): ConvertHost<float, int>(cpu, x, y); break;
            case (DType.Float64, DType.Float32): ConvertHost<double, float>(cpu, x, y); break;
            case (DType.Float64, _): ConvertHost<double, int>(cpu, x, y); break;
            case (_, DType.Float32): ConvertHost<int, float>(cpu, x, y); break;
            default: ConvertHost<int, double>(cpu, x, y); break;
        }
    }

    private static void ConvertHost<TFrom, TTo>(CpuDevice cpu, Storage x, Storage y)
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        ConvertJob<TFrom, TTo> job = new() { X = x.Pointer<TFrom>(), Y = y.Pointer<TTo>(), Length = y.Length };
        cpu.Workers.Run(ref job, Chunks(y.Length));
    }

    private static int Chunks(int elements) => (int)(((long)elements + ChunkElements - 1) / ChunkElements);

    private struct FillJob<T> : IJob where T : unmanaged
    {
        internal T* Y;
        internal int Length;
        internal T Value;

        public readonly void Run(int chunk)
        {
            int start = chunk * ChunkElements;
            new Span<T>(Y + start, Math.Min(ChunkElements, Length - start)).Fill(Value);
        }
    }

    private struct ConvertJob<TFrom, TTo> : IJob
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        internal TFrom* X;
        internal TTo* Y;
        internal int Length;

        public readonly void Run(int chunk)
        {
            int start = chunk * ChunkElements;
            int end = start + Math.Min(ChunkElements, Length - start);
            for (int i = start; i < end; i++) Y[i] = TTo.CreateSaturating(X[i]);
        }
    }
}
