using Engine.Kernels.Resampling;

namespace Engine.Tests.Resampling;

[Collection("simulator")]
public sealed class ResampleTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Fact]
    public void A_row_of_two_pixels_is_interpolated_between_their_centres()
    {
        using Tape tape = new(devices.Cpu);
        Tensor x = Tensor.From([0f, 4], [1, 1, 2, 1]);
        Assert.Equal([0, 1, 3, 4], x.UpsampleBilinear2d(1, 4).ToArray());
        Assert.Equal([0, 0, 4, 4, 0, 0, 4, 4], x.UpsampleNearest2d(2).ToArray());
    }

    [Theory, Rows("3 5 7 11, 5 4 3 4, 1 6 8 1, 97 1 13 1")]
    public void Both_devices_agree_in_both_types(int height, int width, int toHeight, int toWidth)
    {
        ResampleShape shape = new(2, height, width, 3, toHeight, toWidth);
        Check<float>(1e-6);
        Check<double>(4e-15);

        void Check<T>(double tolerance) where T : unmanaged, INumber<T>
        {
            T[] x = TwoDevices.Random<T>((int)shape.LengthX), g = TwoDevices.Random<T>((int)shape.LengthY, 1, 2);
            devices.Agree<T>(tolerance, 1, g.Length, (s, y) => Kernels.Resampling.Resample.Bilinear(s[0], shape, y), x);
            devices.Agree<T>(tolerance, 4, x.Length, (s, y) => Kernels.Resampling.Resample.BilinearGradient(s[0], shape, y), g);
            devices.Agree<T>(0, 0, x.Length * 9, (s, y) => Kernels.Resampling.Resample.Nearest(s[0], 2, height, width, 3, 3, y), x);
        }
    }

    [Fact]
    public void The_gradient_is_the_transpose_for_every_ratio()
    {
        // <A x, g> = <x, A' g>
        for (int inputs = 1; inputs <= 9; inputs++)
        {
            for (int outputs = 1; outputs <= 13; outputs++)
            {
                ResampleShape shape = new(1, inputs, 1, 1, outputs, 1);
                double[] x = TwoDevices.Random<double>(inputs), g = TwoDevices.Random<double>(outputs, 1, 2);
                double[] y = TwoDevices.On(
                    devices.Cpu, new double[outputs], (s, r) => Kernels.Resampling.Resample.Bilinear(s[0], shape, r), x);
                double[] dx = TwoDevices.On(
                    devices.Cpu, new double[inputs], (s, r) => Kernels.Resampling.Resample.BilinearGradient(s[0], shape, r), g);
                Assert.Equal(y.Zip(g, (a, b) => a * b).Sum(), dx.Zip(x, (a, b) => a * b).Sum(), 1e-13);
            }
        }
    }

    [Fact]
    public void Sizes_that_make_no_sense_are_refused()
    {
        using Tape tape = new(devices.Cpu);
        Tensor x = Tensor.Ones([2, 5, 4, 3]);
        RefusedWith("UpsampleNearest2d: needs images [batch, height, width, channels], found shape [5, 4].",
            () => Tensor.Ones([5, 4]).UpsampleNearest2d(2));
        RefusedWith("UpsampleNearest2d: the factor must be at least 1, found 0.", () => x.UpsampleNearest2d(0));
        RefusedWith("UpsampleBilinear2d: the factor must be at least 1, found -1.", () => x.UpsampleBilinear2d(-1));
        RefusedWith("UpsampleBilinear2d: images [batch, height, width, channels] with at least one row and column are needed",
            () => x.UpsampleBilinear2d(0, 3));
        RefusedWith("UpsampleNearest2d: expected a factor that leaves at most 2147483647 elements of shape [2, 5, 4, 3], found 1000000000.",
            () => x.UpsampleNearest2d(1000000000));
        RefusedWith("UpsampleBilinear2d: the extents before and after multiply to at most 2^29 along each axis",
            () => x.UpsampleBilinear2d(1 << 28, 1));
        RefusedWith("Resample.Bilinear: y must hold 480 elements, found 120.",
            () => Kernels.Resampling.Resample.Bilinear(x.Storage, new(2, 5, 4, 3, 10, 8), Tensor.Ones(x.Shape).Storage));
    }
}
