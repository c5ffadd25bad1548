namespace Engine.Tests.Rows;

[Collection("simulator")]
public sealed class SoftmaxSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Theory, Rows("0 5, 5 0, 4 1, 37 10, 3 63, 3 64, 2 65, 2 1500, 2 513, 4097 3")]
    public void Softmax_and_its_derivatives_agree_with_the_host(int rows, int columns)
    {
        Check<float>(1e-6);
        Check<double>(2e-15);

        void Check<T>(double tolerance) where T : unmanaged, INumber<T>
        {
            T[] x = TwoDevices.Random<T>(rows * columns, 6), g = TwoDevices.Random<T>(rows * columns, 1, 2);
            T[] y = devices.Agree<T>(tolerance, 1e-3, x.Length, (s, r) => Softmax.Run(s[0], rows, columns, r), x);
            T[] log = devices.Agree<T>(tolerance, 6, x.Length, (s, r) => Softmax.Log(s[0], rows, columns, r), x);
            devices.Agree<T>(tolerance, 1, x.Length, (s, r) => Softmax.Backward(s[0], s[1], rows, columns, r), g, y);
            devices.Agree<T>(tolerance, 1 + Math.Sqrt(columns), x.Length, (s, r) => Softmax.LogBackward(s[0], s[1], rows, columns, r),
                g, log);
        }
    }

    [Fact]
    public void Masked_places_and_rows_without_weight_are_what_they_are_on_the_host()
    {
        const float Infinity = float.PositiveInfinity;
        float[] x = [1e4f, 1e4f, -Infinity, -1e30f, -1e30f, -Infinity, 5, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, 0,
            float.NaN, 1];
        devices.Agree<float>(2e-7, 0, 15, (s, y) => Softmax.Run(s[0], 5, 3, y), x);
        devices.Agree<float>(2e-7, 0, 15, (s, y) => Softmax.Log(s[0], 5, 3, y), x);
        float[] row = TwoDevices.Random<float>(200);
        row[7] = -Infinity;
        devices.Agree<float>(2e-6, 0, 200, (s, y) => Softmax.Run(s[0], 1, 200, y), row);
    }

    [Theory]
    [InlineData(5, 37)]
    [InlineData(2, 100)]
    public void Output_and_input_may_be_one_storage(int rows, int columns)
    {
        float[] x = TwoDevices.Random<float>(rows * columns, 3);
        float[] apart = TwoDevices.On(devices.Gpu, new float[x.Length], (s, y) => Softmax.Run(s[0], rows, columns, y), x);
        Assert.Equal(apart, TwoDevices.On(devices.Gpu, x, (_, y) => Softmax.Run(y, rows, columns, y)));
    }
}
