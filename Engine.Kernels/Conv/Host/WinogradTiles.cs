using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv;

/// <summary>The transforms of whole tiles: along the columns, then along the rows.</summary>
internal static unsafe class WinogradTiles<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int Points = WinogradTransform.Points, Points2 = WinogradTransform.Points2, Outputs = WinogradTransform.Outputs;

    /// <summary>points[p * step + c] = B' d B for the 36 pixels of a tile, each of <paramref name="depth"/> channels c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Input(T** pixels, int depth, T* between, T* points, nint step)
    {
        int count = TV.Count;
        for (int c = 0; c < depth; c += count)
        {
            for (int j = 0; j < Points; j++)
            {
                WinogradTransform.Input<TV, T>(
                    TV.Load(pixels[j] + c), TV.Load(pixels[Points + j] + c), TV.Load(pixels[(2 * Points) + j] + c), TV.Load(pixels[(3 * Points) + j] + c),
                    TV.Load(pixels[(4 * Points) + j] + c), TV.Load(pixels[(5 * Points) + j] + c), between + (j * count), Points * count);
            }

            for (int i = 0; i < Points; i++)
            {
                T* row = between + (i * Points * count);
                WinogradTransform.Input<TV, T>(
                    TV.Load(row), TV.Load(row + count), TV.Load(row + (2 * count)), TV.Load(row + (3 * count)), TV.Load(row + (4 * count)),
                    TV.Load(row + (5 * count)), points + c + (i * Points * step), step);
            }
        }
    }

    /// <summary>A' m A of one vector: 36 points, <paramref name="step"/> elements apart, to 16 outputs, one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Output(T* points, nint step, T* between, T* outputs)
    {
        int count = TV.Count;
        for (int j = 0; j < Points; j++) WinogradTransform.Output<TV, T>(points + (j * step), Points * step, between + (j * count), Points * count);
        for (int i = 0; i < Outputs; i++) WinogradTransform.Output<TV, T>(between + (i * Points * count), count, outputs + (i * Outputs * count), count);
    }

    /// <summary>A g A' of one vector: 16 outputs, one after the other, to 36 points, <paramref name="step"/> elements apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OutputGradient(T** pixels, nint channel, T* between, T* points, nint step)
    {
        int count = TV.Count;
        for (int j = 0; j < Outputs; j++)
        {
            WinogradTransform.OutputGradient<TV, T>(
                TV.Load(pixels[j] + channel), TV.Load(pixels[Outputs + j] + channel), TV.Load(pixels[(2 * Outputs) + j] + channel),
                TV.Load(pixels[(3 * Outputs) + j] + channel), between + (j * count), Outputs * count);
        }

        for (int i = 0; i < Points; i++)
        {
            T* row = between + (i * Outputs * count);
            WinogradTransform.OutputGradient<TV, T>(
                TV.Load(row), TV.Load(row + count), TV.Load(row + (2 * count)), TV.Load(row + (3 * count)), points + (i * Points * step), step);
        }
    }

    /// <summary>G' u G of one vector: 36 points to 9 taps, one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void KernelGradient(T* points, T* between, T* taps)
    {
        const int kernel = WinogradAxis.Taps;
        int count = TV.Count;
        for (int j = 0; j < Points; j++)
            WinogradTransform.KernelGradient<TV, T>(points + (j * count), Points * count, between + (j * count), Points * count);
        for (int i = 0; i < kernel; i++)
            WinogradTransform.KernelGradient<TV, T>(between + (i * Points * count), count, taps + (i * kernel * count), count);
    }
}
