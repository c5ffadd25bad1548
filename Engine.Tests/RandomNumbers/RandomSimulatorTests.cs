namespace Engine.Tests.RandomNumbers;

/// <summary>A seed gives one stream, whatever the device.</summary>
[Collection("simulator")]
public sealed class RandomSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private const ulong Key = 0xFEDCBA9876543210;

    /// <summary>The second one makes block numbers go beyond 32 bits.</summary>
    public static TheoryData<int, long> Ranges =>
        new() { { 1, 0 }, { 15, 64 }, { 17, 64 }, { 64, 1L << 36 }, { 200, (1L << 34) - 64 }, { 0, 0 } };

    [Theory, MemberData(nameof(Ranges))]
    public void Uniform_numbers_outcomes_and_masks_are_the_same_to_the_bit(int length, long offset)
    {
        Same<float>((_, y) => RandomUniform.Run(y, -2, 3, Key, offset));
        Same<double>((_, y) => RandomUniform.Run(y, -2, 3, Key, offset));
        Same<float>((_, y) => RandomBernoulli.Run(y, 0.3f, Key, offset));
        Same<double>((_, y) => RandomBernoulli.Run(y, 0.3f, Key, offset));
        Same<float>((s, y) => RandomDropout.Run(s[0], y, 0.4f, Key, offset));
        Same<double>((s, y) => RandomDropout.Run(s[0], y, 0.4f, Key, offset));
        Same<float>((_, y) => RandomDropout.Run(y, y, 0.4f, Key, offset));

        void Same<T>(Action<Storage[], Storage> kernel) where T : unmanaged, INumber<T>
        {
            (T[] cpu, T[] simulator) = devices.Run(TwoDevices.Random<T>(length, 1, 3), kernel, TwoDevices.Random<T>(length, 2));
            Assert.Equal(cpu, simulator);
        }
    }

    [Theory, MemberData(nameof(Ranges))]
    public void Normal_numbers_differ_in_the_last_bits_at_most(int length, long offset)
    {
        devices.Agree<float>(1e-6, 0.1, length, (_, y) => RandomNormal.Run(y, 0, 1, Key, offset));
        devices.Agree<double>(2e-15, 0.1, length, (_, y) => RandomNormal.Run(y, 0, 1, Key, offset));
        devices.Agree<float>(1e-6, 1, length, (_, y) => RandomNormal.Run(y, 0.5, 2, Key, offset));
    }
}
