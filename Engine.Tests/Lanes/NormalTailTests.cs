using System.Runtime.CompilerServices;

namespace Engine.Tests.Lanes;

public sealed class NormalTailTests : IsolatedTests
{
    [Fact]
    public void The_logarithm_of_the_tail_keeps_its_error_bound_from_end_to_end()
    {
        double[] x = [.. Enumerable.Range(-1200, 4400).Select(i => i / 100.0), 50, 1e3, 1e6];
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            using Tape tape = new(Cpu);
            Tensor given = Tensor.From(x, [x.Length]).Cast(type);
            double[] found = given.Apply(default(Tail), (g, _, _) => g).ToDoubles(), at = given.ToDoubles();
            double largest = 0;
            for (int i = 0; i < x.Length; i++)
            {
                double expected = References.LogNormalTail(at[i]);
                largest = Math.Max(largest, Math.Abs(found[i] - expected) / Math.Max(1, Math.Abs(expected)));
            }

            Assert.True(largest < (type == DType.Float32 ? 1e-6 : 1e-14), $"{type}: {largest}");
        }
    }

    [Fact]
    public void The_hazard_is_the_density_over_the_tail()
    {
        using Tape tape = new(Cpu);
        double[] x = [-30, -9, -3, -0.5, 0, 0.5, 3, 9, 30, 1e4];
        double[] found = Tensor.From(x, [x.Length]).Apply(default(Hazard), (g, _, _) => g).ToDoubles();
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Math.Exp((-x[i] * x[i] / 2) - (0.5 * Math.Log(2 * Math.PI)) - References.LogNormalTail(x[i]));
            Assert.True(Math.Abs(found[i] - expected) <= 1e-7 * Math.Max(expected, 1e-9), $"{x[i]}: expected {expected}, found {found[i]}");
        }
    }

    private readonly struct Tail : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.LogNormalTail(x);
    }

    private readonly struct Hazard : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.NormalHazard(x);
    }
}
