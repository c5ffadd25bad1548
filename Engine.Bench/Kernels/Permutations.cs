using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Movement;

namespace Engine.Bench.Kernels;

/// <summary>Axes put in another order: a transpose, and the heads of attention.</summary>
public class Permutations : KernelBenchmark
{
    private Storage? _x, _y;

    /// <summary>Extents and the new order of the axes.</summary>
    [Params("1024,1024 -> 1,0", "64,64,4,32 -> 0,2,1,3", "64,28,28,32 -> 0,3,1,2")]
    public string Axes { get; set; } = "";

    internal override Work Work => Work.Bytes(2L * sizeof(float) * Extents.Count, 2L * sizeof(float) * Extents.Count);

    private Shape Extents => new(Numbers(0));

    private protected override void Call() => Move.Permute(_x!, Extents, Numbers(1), _y!);

    private protected override void Prepare()
    {
        _x = Random(Extents.Count);
        _y = Empty(Extents.Count);
    }

    private protected override void Check()
    {
        float[] x = _x!.AsSpan<float>().ToArray();
        Shape from = Extents;
        int[] axes = Numbers(1);
        CheckEach(_y!, i =>
        {
            int place = 0;
            for (int axis = axes.Length - 1; axis >= 0; axis--)
            {
                place += i % from[axes[axis]] * from.Stride(axes[axis]);
                i /= from[axes[axis]];
            }

            return x[place];
        }, 0);
    }

    private int[] Numbers(int side) => Array.ConvertAll(Axes.Split("->")[side].Split(','), int.Parse);
}
