namespace Engine.Tests.Gpu;

/// <summary>
/// The host and the simulator, or the card that <see cref="KernelDevice"/> names, side by side: a kernel runs on both, from the same
/// inputs, and the results are held against each other.
/// </summary>
public sealed class TwoDevices : IDisposable
{
    /// <summary>Elements of the largest result that the simulator computes twice.</summary>
    private const int MostRunTwice = 64;

    public Device Cpu { get; } = new CpuDevice(1);

    public Device Gpu => KernelDevice.Shared;

    public void Dispose() => Cpu.Dispose();

    /// <summary>A storage on a device with given contents.</summary>
    internal static Storage With<T>(Device device, ReadOnlySpan<T> values) where T : unmanaged
    {
        Storage storage = device.Allocate(DTypes.Of<T>(), values.Length);
        storage.CopyFrom(values);
        return storage;
    }

    /// <summary>Numbers from -range to range, the same for a seed.</summary>
    internal static T[] Random<T>(int count, double range = 1, int seed = 1) where T : INumber<T>
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => T.CreateTruncating(((random.NextDouble() * 2) - 1) * range))];
    }

    /// <summary>
    /// Runs a kernel on both devices, twice on the second where it is a card or the result is small: it has to give the same bits both
    /// times.
    /// </summary>
    /// <param name="initial">What the output holds before.</param>
    /// <param name="kernel">Gets the device, the inputs and the output.</param>
    /// <param name="inputs">The inputs.</param>
    internal (T[] Cpu, T[] Gpu) Run<T>(T[] initial, Action<Storage[], Storage> kernel, params Array[] inputs) where T : unmanaged
    {
        T[] cpu = On(Cpu, initial, kernel, inputs), once = On(Gpu, initial, kernel, inputs);
        if (!KernelDevice.IsSimulator || initial.Length <= MostRunTwice) Assert.Equal(once, On(Gpu, initial, kernel, inputs));
        return (cpu, once);
    }

    /// <summary>Runs a kernel on both devices and expects results that differ by rounding alone.</summary>
    /// <param name="tolerance">How much, relative to <paramref name="scale"/> plus what is expected.</param>
    /// <param name="scale">The size of the terms.</param>
    /// <param name="length">The length of the output.</param>
    /// <param name="kernel">Gets the inputs and the output.</param>
    /// <param name="inputs">The inputs.</param>
    internal T[] Agree<T>(double tolerance, double scale, int length, Action<Storage[], Storage> kernel, params Array[] inputs)
        where T : unmanaged, INumber<T>
    {
        (T[] cpu, T[] gpu) = Run(new T[length], kernel, inputs);
        for (int i = 0; i < length; i++)
        {
            double expected = double.CreateTruncating(cpu[i]), found = double.CreateTruncating(gpu[i]);
            bool same = expected.Equals(found) || Math.Abs(found - expected) <= tolerance * (scale + Math.Abs(expected));
            Assert.True(same, $"element {i} of {length}: {found:R} on {Gpu.Name}, {expected:R} on the host");
        }

        return gpu;
    }

    internal static T[] On<T>(Device device, T[] initial, Action<Storage[], Storage> kernel, params Array[] inputs) where T : unmanaged
    {
        Storage output = With<T>(device, initial);
        Storage[] storages = [.. inputs.Select(input => input switch
        {
            float[] floats => With<float>(device, floats),
            double[] doubles => With<double>(device, doubles),
            _ => With<int>(device, (int[])input),
        })];
        kernel(storages, output);
        T[] result = new T[initial.Length];
        output.CopyTo<T>(result);
        foreach (Storage storage in (Storage[])[.. storages, output]) storage.Release();
        return result;
    }
}

/// <summary>
/// Tests that keep the simulator busy, one after the other and beside no others: the threads of a group take both cores of a small machine,
/// and wait for each other at every barrier three times as long where another test has one of the cores.
/// </summary>
[CollectionDefinition("simulator", DisableParallelization = true)]
public sealed class SimulatorCollection;
