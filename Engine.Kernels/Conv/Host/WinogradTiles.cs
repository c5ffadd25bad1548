using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>The transforms of whole tiles: along the columns, then along the rows.</summary>
internal static unsafe class WinogradTiles<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int Points = WinogradTransform.Points, Points2 = WinogradTransform.Points2, Outputs = WinogradTransform.Outputs;

    /// <summary>
    /// points[p * step + c] = B' d B for the pixels of a tile with <paramref name="rows"/> x <paramref name="columns"/> outputs, each of
    /// <paramref name="depth"/> channels c. The pixels are in rows of six; those that a smaller tile does not have must be readable all the
    /// same.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Input(T** pixels, int rows, int columns, int depth, T* between, T* points, nint step)
    {
        int count = TV.Count;
        for (int c = 0; c < depth; c += count)
        {
            for (int j = 0; j < columns + 2; j++)
            {
                WinogradTransform.Input<TV, T>(
                    rows, TV.Load(pixels[j] + c), TV.Load(pixels[Points + j] + c), TV.Load(pixels[(2 * Points) + j] + c),
                    TV.Load(pixels[(3 * Points) + j] + c),
                    TV.Load(pixels[(4 * Points) + j] + c), TV.Load(pixels[(5 * Points) + j] + c), between + (j * count), Points * count);
            }

            for (int i = 0; i < Points; i++)
            {
                if (!WinogradTransform.Uses(rows, i)) continue;
                T* row = between + (i * Points * count);
                WinogradTransform.Input<TV, T>(
                    columns, TV.Load(row), TV.Load(row + count), TV.Load(row + (2 * count)), TV.Load(row + (3 * count)),
                    TV.Load(row + (4 * count)),
                    TV.Load(row + (5 * count)), points + c + (i * Points * step), step);
            }
        }
    }

    /// <summary>
    /// A' m A of one vector: points, <paramref name="step"/> elements apart, to outputs in rows of four, one after the other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Output(T* points, nint step, int rows, int columns, T* between, T* outputs)
    {
        int count = TV.Count;
        for (int j = 0; j < Points; j++)
        {
            if (WinogradTransform.Uses(columns, j))
                WinogradTransform.Output<TV, T>(rows, points + (j * step), Points * step, between + (j * count), Points * count);
        }

        for (int i = 0; i < rows; i++)
            WinogradTransform.Output<TV, T>(columns, between + (i * Points * count), count, outputs + (i * Outputs * count), count);
    }

    /// <summary>
    /// A g A' of one vector: outputs to points, <paramref name="step"/> elements apart. The pixels are in rows of four; those that a
    /// smaller tile does not have must be readable all the same.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OutputGradient(T** pixels, nint channel, int rows, int columns, T* between, T* points, nint step)
    {
        int count = TV.Count;
        for (int j = 0; j < columns; j++)
        {
            WinogradTransform.OutputGradient<TV, T>(
                rows, TV.Load(pixels[j] + channel), TV.Load(pixels[Outputs + j] + channel), TV.Load(pixels[(2 * Outputs) + j] + channel),
                TV.Load(pixels[(3 * Outputs) + j] + channel), between + (j * count), Outputs * count);
        }

        for (int i = 0; i < Points; i++)
        {
            if (!WinogradTransform.Uses(rows, i)) continue;
            T* row = between + (i * Outputs * count);
            WinogradTransform.OutputGradient<TV, T>(
                columns, TV.Load(row), TV.Load(row + count), TV.Load(row + (2 * count)), TV.Load(row + (3 * count)),
                points + (i * Points * step), step);
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
