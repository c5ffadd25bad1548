using Engine.Kernels.Pool;

namespace Engine.Tests.Pool;

[Collection("simulator")]
public sealed class PoolTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private const float Infinity = float.PositiveInfinity;

    [Fact]
    public void Of_equal_elements_the_first_one_gets_the_gradient()
    {
        foreach (Device device in (Device[])[devices.Cpu, devices.Gpu])
        {
            using Tape tape = new(device);
            Tensor x = tape.Watch(Tensor.From([1f, 3, 3, 2, 0, 3, 1, 3, 3], [1, 3, 3, 1]));
            Tensor y = x.MaxPool2d(2, 1);
            Assert.Equal([3, 3, 3, 3], y.ToArray());
            Tensor dx = tape.Gradients(y, Tensor.From([1f, 10, 100, 1000], y.Shape), [x])[0];
            Assert.Equal([0, 11, 0, 0, 0, 1000, 0, 100, 0], dx.ToArray());
        }
    }

    [Fact]
    public void Infinities_win_or_lose_and_NaN_spreads()
    {
        float[] x = [-Infinity, -Infinity, 1, 2, -Infinity, -Infinity, Infinity, 3, float.NaN, 1, 5, -Infinity, 2, 3, -1, 0];
        foreach (Device device in (Device[])[devices.Cpu, devices.Gpu])
        {
            using Tape tape = new(device);
            Assert.Equal([-Infinity, Infinity, float.NaN, 5], Tensor.From(x, [1, 4, 4, 1]).MaxPool2d(2).ToArray());

            // Padding never wins, and its places get no gradient.
            Tensor low = tape.Watch(Tensor.From([-Infinity], [1, 1, 1, 1]));
            Tensor y = low.MaxPool2d(2, 1, 1);
            Assert.Equal([-Infinity, -Infinity, -Infinity, -Infinity], y.ToArray());
            Assert.Equal([4], tape.Gradients(y, Tensor.Ones(y.Shape), [low])[0].ToArray());
        }
    }

    [Fact]
    public void A_position_is_the_number_of_a_place_in_its_window_and_padding_has_none()
    {
        PoolShape shape = new(1, 3, 3, 1, PoolWindow.Square(3, 2, 1));
        float[] x = [1, 2, 3, 9, 5, 4, 0, 7, 8];
        float[] positions = TwoDevices.On(devices.Cpu, new float[4], (s, p) =>
        {
            Storage y = p.Device.Allocate(DType.Float32, 4);
            MaxPool.Run(s[0], shape, y, p);
            y.Release();
        }, x);
        Assert.Equal([7, 6, 1, 4], positions);
    }

    [Theory, Rows("2 5 4 3 2 2 0, 1 7 5 17 3 2 1, 1 4 4 2 3 1 2")]
    public void Both_devices_agree_in_both_types(int batch, int height, int width, int channels, int kernel, int stride, int padding)
    {
        PoolShape shape = new(batch, height, width, channels, PoolWindow.Square(kernel, stride, padding));
        Check<float>(1e-6);
        Check<double>(2e-15);

        void Check<T>(double tolerance) where T : unmanaged, INumber<T>
        {
            T[] x = TwoDevices.Random<T>((int)shape.LengthX), g = TwoDevices.Random<T>((int)shape.LengthY, 1, 2);
            foreach (bool counted in (bool[])[true, false])
            {
                devices.Agree<T>(tolerance, 1, g.Length, (s, y) => AveragePool.Run(s[0], shape, y, counted), x);
                devices.Agree<T>(tolerance, 1, x.Length, (s, y) => AveragePool.Gradient(s[0], shape, y, counted), g);
            }

            T[] positions = devices.Agree<T>(0, 0, g.Length, (s, p) => MaxPool.Run(s[0], shape, s[1], p), x, new T[g.Length]);
            devices.Agree<T>(0, 0, g.Length, (s, y) => MaxPool.Run(s[0], shape, y), x);
            devices.Agree<T>(0, 0, g.Length, (s, y) => MaxPool.Pick(s[0], s[1], shape, y), x, positions);
            devices.Agree<T>(tolerance, 1, x.Length, (s, y) => MaxPool.Gradient(s[0], s[1], shape, y), g, positions);
        }
    }

    [Fact]
    public void Windows_that_make_no_sense_are_refused()
    {
        using Tape tape = new(devices.Cpu);
        Tensor x = Tensor.Ones([2, 5, 4, 3]);
        RefusedWith("MaxPool2d: needs images [batch, height, width, channels], found shape [5, 4].",
            () => Tensor.Ones([5, 4]).MaxPool2d(2));
        RefusedWith("AvgPool2d: needs images of Float32 or Float64, found Int32.",
            () => Tensor.Ones([1, 2, 2, 1], DType.Int32).AvgPool2d(2));
        RefusedWith("AvgPool2d: the extents of the window and its strides must be at least 1, found a window of 0 x 0",
            () => x.AvgPool2d(0));
        RefusedWith("MaxPool2d: the extents of the window and its strides must be at least 1, found a window of 2 x 2 stride 0 x 0",
            () => x.MaxPool2d(2, 0));
        RefusedWith("MaxPool2d: padding must be from 0 to one less than the window, found a window of 2 x 2 stride 2 x 2 padding 2",
            () => x.MaxPool2d(2, 2, 2));
        RefusedWith("MaxPool2d: padding must be from 0 to one less than the window", () => x.MaxPool2d(2, 2, -1));
        RefusedWith("AvgPool2d: the window does not fit into the padded image, found [2, 5, 4, 3], window 5 x 5", () => x.AvgPool2d(5));
        RefusedWith("MaxPool2d: images [batch, height, width, channels] with at least one row and column are needed",
            () => Tensor.Ones([1, 0, 3, 1]).MaxPool2d(1));
        PoolShape shape = new(2, 5, 4, 3, PoolWindow.Square(2));
        RefusedWith("AveragePool.Run: y must hold 24 elements, found 120.",
            () => AveragePool.Run(x.Storage, shape, Tensor.Ones(x.Shape).Storage));
        RefusedWith("MaxPool.Run: positions must not be y.", () =>
        {
            Tensor y = Tensor.Ones([2, 2, 2, 3]);
            MaxPool.Run(x.Storage, shape, y.Storage, y.Storage);
        });
    }
}
