namespace Engine.Tests.Norms;

[Collection("simulator")]
public sealed class NormSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Theory, Rows("2 1, 5 17, 70 3, 300 2, 40 8, 1100 4")]
    public void Batch_normalisation_agrees_with_the_host(int rows, int channels)
    {
        Check<float>(2e-6);
        Check<double>(4e-15);

        void Check<T>(double tolerance) where T : unmanaged, INumber<T>
        {
            int count = rows * channels;
            T[] x = TwoDevices.Random<T>(count, 3), g = TwoDevices.Random<T>(count, 1, 2), gamma = TwoDevices.Random<T>(channels, 2, 3),
                beta = TwoDevices.Random<T>(channels, 1, 4);

            // An activation is folded into the same passes: each is tried beside one narrow and one wide array.
            Activation[] activations = typeof(T) == typeof(float) && rows is 5 or 40
                ? [Activation.None, Activation.Relu, Activation.LeakyRelu(0.25)] : [Activation.LeakyRelu(0.25)];
            foreach (Activation activation in activations)
            {
                // One output after another, in one storage: y, mean, reciprocal, running mean, running variance.
                T[] forward = devices.Agree<T>(
                    tolerance, 10, count + (4 * channels), (s, r) => Parts(r, [count, channels, channels, channels, channels], p =>
                    BatchNormalization.Forward(
                        s[0], rows, channels, s[1], s[2], 1e-5, activation, p[1], p[2], p[0], new RunningStatistics(p[3], p[4], 0.25))), x,
                            gamma, beta);
                T[] mean = forward[count..(count + channels)], reciprocal = forward[(count + channels)..(count + (2 * channels))];
                devices.Agree<T>(tolerance, 10, count,
                    (s, r) => BatchNormalization.Evaluate(s[0], rows, channels, s[1], s[2], activation, s[3], s[4], r), x, gamma, beta,
                    mean, reciprocal);
                foreach (bool ofBatch in (bool[])[true, false])
                {
                    devices.Agree<T>(tolerance, 10 * rows, count + (2 * channels),
                        (s, r) => Parts(r, [count, channels, channels], p => BatchNormalization.Backward(
                        s[0], s[1], rows, channels, s[2], s[3], activation, s[4], s[5], ofBatch, p[1], p[2], p[0])), g, x, gamma, beta,
                            mean, reciprocal);
                }
            }
        }
    }

    [Theory, Rows("0 3 4 2, 3 1 1 1, 2 5 6 3, 2 30 8 1, 1 150 17 1, 2 300 8 2")]
    public void Group_normalisation_agrees_with_the_host(int images, int positions, int channels, int groups)
    {
        Check<float>(2e-6);
        Check<double>(4e-15);

        void Check<T>(double tolerance) where T : unmanaged, INumber<T>
        {
            GroupNormShape shape = new(images, positions, channels, groups);
            int count = images * positions * channels;
            T[] x = TwoDevices.Random<T>(count, 3), g = TwoDevices.Random<T>(count, 1, 2), gamma = TwoDevices.Random<T>(channels, 2, 3),
                beta = TwoDevices.Random<T>(channels, 1, 4);
            int statistics = images * groups;
            T[] forward = devices.Agree<T>(tolerance, 10, count + (2 * statistics), (s, r) => Parts(r, [count, statistics, statistics], p =>
                GroupNormalization.Forward(s[0], shape, s[1], s[2], 1e-5, p[1], p[2], p[0])), x, gamma, beta);
            T[] mean = forward[count..(count + statistics)], reciprocal = forward[(count + statistics)..];
            devices.Agree<T>(tolerance, 30 * Math.Max(1, images * positions), count + (2 * channels),
                (s, r) => Parts(r, [count, channels, channels], p =>
                GroupNormalization.Backward(s[0], s[1], shape, s[2], s[3], s[4], p[1], p[2], p[0])), g, x, gamma, mean, reciprocal);
        }
    }

    /// <summary>Gives a kernel several outputs, which then follow each other in one storage.</summary>
    private static void Parts(Storage all, int[] lengths, Action<Storage[]> kernel)
    {
        Storage[] parts = [.. lengths.Select(length => all.Device.Allocate(all.DType, length))];
        foreach (Storage part in parts) Move.Fill(part, 1);
        kernel(parts);
        int start = 0;
        foreach (Storage part in parts)
        {
            if (part.Length > 0) Move.WriteSlice(part, new Shape(part.Length), all, new Shape(all.Length), [start]);
            start += part.Length;
            part.Release();
        }
    }
}
