using Engine.Kernels.Elementwise;
using Engine.Kernels.Likelihoods;
using static Engine.Tests.Gpu.TwoDevices;

namespace Engine.Tests.Losses;

[Collection("simulator")]
public sealed class RowSumTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Theory, Rows("3 1, 5 37, 2 130, 2 300")]
    public void Every_number_of_arguments_is_added_up_the_same_on_host_and_simulator(int rows, int columns)
    {
        Shape shape = [rows, columns];
        float[] x = Random<float>(rows * columns), y = Random<float>(columns, seed: 2), z = Random<float>(rows, seed: 3),
            w = Random<float>(1, seed: 4);
        devices.Agree<float>(2e-6, 1, rows, (s, sums) => RowSum.Unary(s[0], shape, sums, default(Square)), x);
        devices.Agree<float>(2e-6, columns, rows, (s, sums) => RowSum.Binary(s[0], shape, s[1], [columns], shape, sums, default(Multiply)),
            x, y);
        devices.Agree<float>(2e-6, columns, rows,
            (s, sums) => RowSum.Ternary(s[0], shape, s[1], [columns], s[2], [rows, 1], shape, sums, default(MulAdd)), x, y, z);
        float[] sums = devices.Agree<float>(
            2e-6, columns, rows, (s, sums) =>
                RowSum.Quaternary(s[0], shape, s[1], [columns], s[2], [rows, 1], s[3], [], shape, sums, default(MulAddScaled)), x, y, z, w);
        for (int row = 0; row < rows; row++)
        {
            double expected = 0;
            for (int i = 0; i < columns; i++) expected += ((x[(row * columns) + i] * (double)y[i]) + z[row]) * w[0];
            Assert.Equal(expected, sums[row], 2e-6 * columns);
        }
    }

    [Theory, Rows("4097 5, 3 100, 2 700, 1 9001")]
    public void Rows_of_threads_warps_groups_and_parts_agree_with_the_host(int rows, int columns)
    {
        float[] x = Random<float>(rows * columns, 2, 1), y = Random<float>(rows * columns, 1, 2);
        Shape shape = [rows, columns];
        devices.Agree<float>(2e-6, Math.Sqrt(columns), rows,
            (s, sums) => RowSum.Binary(s[0], shape, s[1], shape, shape, sums, default(Kernels.Losses.SquaredError)), x, y);
        devices.Agree<float>(2e-6, columns, rows, (s, sums) => BernoulliLogLikelihood.Rows(s[0], shape, s[1], shape, shape, sums), x, y);
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        Storage x = With<float>(devices.Cpu, new float[12]), sums = With<float>(devices.Cpu, new float[3]);
        RefusedWith("Square: the sums must hold 3 elements, found 12.",
            () => RowSum.Unary(x, [3, 4], With<float>(devices.Cpu, new float[12]), default(Square)));
        RefusedWith("Square: argument 1 must hold 15 elements, found 12.", () => RowSum.Unary(x, [3, 5], sums, default(Square)));
        RefusedWith("Square: rows need at least one axis, found a scalar.", () => RowSum.Unary(x, [], sums, default(Square)));
        RefusedWith("Multiply: shape [3] does not broadcast to [3, 4].",
            () => RowSum.Binary(x, [3, 4], sums, [3], [3, 4], sums, default(Multiply)));
        RefusedWith("Multiply: the sums must not be argument 2.",
            () => RowSum.Binary(x, [3, 4], sums, [3, 1], [3, 4], sums, default(Multiply)));
        RefusedWith("Square: all arguments must hold one type",
            () => RowSum.Unary(With<double>(devices.Cpu, new double[12]), [3, 4], sums, default(Square)));
        RefusedWith("Square: the arguments must be Float32 or Float64, found Int32.",
            () => RowSum.Unary(With<int>(devices.Cpu, new int[12]), [3, 4], With<int>(devices.Cpu, new int[3]), default(Square)));
        RefusedWith("Square: all arguments must be on one device",
            () => RowSum.Unary(With<float>(devices.Gpu, new float[12]), [3, 4], sums, default(Square)));
    }

    internal readonly struct MulAdd : ITernaryOp
    {
        public T Apply<T>(T x, T y, T z) where T : unmanaged, Kernels.Lanes.ILane<T> => (x * y) + z;
    }

    internal readonly struct MulAddScaled : IQuaternaryOp
    {
        public T Apply<T>(T x, T y, T z, T w) where T : unmanaged, Kernels.Lanes.ILane<T> => ((x * y) + z) * w;
    }
}
