using Engine.Kernels.Portable;

namespace ILGPU;

/// <summary>The grid of the running kernel thread.</summary>
internal static class Grid
{
    public static int IdxX => KernelThread.Current.Run.GridIndex.X;

    public static int IdxY => KernelThread.Current.Run.GridIndex.Y;

    public static int IdxZ => KernelThread.Current.Run.GridIndex.Z;

    public static Index3D Index => KernelThread.Current.Run.GridIndex;

    public static int DimX => KernelThread.Current.Run.GridDim.X;

    public static int DimY => KernelThread.Current.Run.GridDim.Y;

    public static int DimZ => KernelThread.Current.Run.GridDim.Z;

    public static Index3D Dimension => KernelThread.Current.Run.GridDim;

    public static Index3D GlobalIndex => ComputeGlobalIndex(Index, Group.Index);

    public static Index1D ComputeGlobalIndex(Index1D gridIdx, Index1D groupIdx) => new(groupIdx.X + (gridIdx.X * Group.DimX));

    public static Index2D ComputeGlobalIndex(Index2D gridIdx, Index2D groupIdx) =>
        new(groupIdx.X + (gridIdx.X * Group.DimX), groupIdx.Y + (gridIdx.Y * Group.DimY));

    public static Index3D ComputeGlobalIndex(Index3D gridIdx, Index3D groupIdx) => groupIdx + (gridIdx * Group.Dimension);
}
