using System.Reflection;
using Engine.Bench.Sass;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Likelihoods;
using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Optimizers;
using Tanh = Engine.Kernels.Elementwise.Tanh;

namespace Engine.Tests.Mapping;

/// <summary>Every elementwise operation as a GPU kernel against the same one on vectors.</summary>
[Collection("simulator")]
public sealed class MapSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private static readonly double[] s_special =
        [0, -0.0, 1, -1, 0.5, 2, -2, 1e-3, -1e-3, 1e-20, 10, -10, 30, -30, 88, -87, 100, -104, 1e4, -1e4, 1e30, double.PositiveInfinity,
            double.NegativeInfinity, double.NaN];
    private static readonly string[] s_cancelling = ["Elu", "Gelu", "Silu"];

    /// <summary>The operations of one to four arguments, wherever they are declared.</summary>
    public static TheoryData<Type> Operations => [.. KernelCatalog.ElementwiseOperations];

    [Theory, MemberData(nameof(Operations))]
    public void Operations_agree(Type type)
    {
        // Constants that suit every operation: a lower bound comes before an upper one.
        double[] constants = [0.2, 2];
        object?[] arguments = [.. type.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            .Select((parameter, i) => parameter.ParameterType == typeof(LevelBins) ? (object)new LevelBins(-1, 1, 256)
                : parameter.ParameterType == typeof(int) ? (object)3 : constants[i])];
        Type map = KernelCatalog.AsMap(type)!;
        object op = Activator.CreateInstance(map, Activator.CreateInstance(type, arguments))!;
        Run(typeof(float), 4e-7);
        Run(typeof(double), 1e-15);

        void Run(Type element, double tolerance) => typeof(MapSimulatorTests).GetMethod(
            nameof(Agrees), BindingFlags.Instance | BindingFlags.NonPublic)!.MakeGenericMethod(map, element)
            .Invoke(this, BindingFlags.DoNotWrapExceptions, null, [op, type, tolerance], null);
    }

    [Theory]
    [InlineData(new[] { 3, 4 }, new[] { 4 }, new[] { 3, 1 }, new[] { 3, 4 })]
    [InlineData(new[] { 2, 3, 2, 3, 2, 3 }, new[] { 2, 1, 2, 1, 2, 1 }, new[] { 3, 1, 3, 1, 3 }, new int[0])]
    [InlineData(new[] { 5 }, new[] { 1 }, new int[0], new[] { 5 })]
    [InlineData(new[] { 7, 1, 5 }, new[] { 7, 1, 1 }, new[] { 5 }, new[] { 1, 1, 5 })]
    [InlineData(new[] { 5, 8 }, new[] { 5, 1 }, new[] { 8 }, new[] { 5, 8 })]
    [InlineData(new[] { 3, 2, 4, 3 }, new[] { 3, 1, 4, 3 }, new[] { 2, 1, 1 }, new[] { 3, 2, 4, 3 })]
    [InlineData(new[] { 12 }, new[] { 1 }, new[] { 12 }, new int[0])]
    public void Arguments_are_broadcast(int[] shape, int[] x, int[] y, int[] z)
    {
        Shape output = new(shape), xShape = new(x), yShape = new(y), zShape = new(z);
        Array[] inputs = [TwoDevices.Random<float>(xShape.Count, 2, 1), TwoDevices.Random<float>(yShape.Count, 2, 2),
            TwoDevices.Random<float>(zShape.Count, 2, 3)];
        devices.Agree<float>(2e-7, 1, output.Count,
            (s, r) => Map.Ternary(s[0], xShape, s[1], yShape, s[2], zShape, r, output, new Weighted(0.3)), inputs);
        devices.Agree<float>(2e-7, 1, output.Count,
            (s, r) => Map.Quaternary(s[0], xShape, s[1], yShape, s[2], zShape, s[1], yShape, r, output, new Mixed()), inputs);
    }

    [Theory, Values(1, 2, 3, 4, 1023)]
    public void The_end_of_an_array_gets_the_bits_of_its_middle(int length)
    {
        // Each element alone, and all of them with four to a thread.
        float[] x = TwoDevices.Random<float>(length, 3, 5), one = new float[1], alone = new float[length];
        float[] all = TwoDevices.On(devices.Gpu, new float[length], (s, y) => Map.Unary(s[0], y, new Tanh()), x);
        for (int i = 0; i < length; i++) alone[i] =
            TwoDevices.On(devices.Gpu, one, (s, y) => Map.Unary(s[0], y, new Tanh()), new[] { x[i] })[0];
        Assert.Equal(alone, all);
    }

    [Fact]
    public void Many_arrays_are_renewed_in_one_launch_from_a_table_that_is_uploaded_once()
    {
        int[] lengths = [1, 300, 0, 1024, 1025, 2700];
        using Device device = KernelDevice.Open();
        ChunkTables tables = ((GpuDevice)device).Tables;
        (Storage[] p, Storage[] m, Storage[] v, Storage[] g) = (All(device, 1), All(device, 2), All(device, 3), All(device, 4));
        (Storage[] q, Storage[] n, Storage[] w, Storage[] h) =
            (All(devices.Cpu, 1), All(devices.Cpu, 2), All(devices.Cpu, 3), All(devices.Cpu, 4));
        for (int step = 1; step <= 3; step++)
        {
            AdamUpdate.Run(p, m, v, g, step, 0.01, 0.9, 0.999, 1e-8, 0.1);
            AdamUpdate.Run(q, n, w, h, step, 0.01, 0.9, 0.999, 1e-8, 0.1);
            Assert.Equal(1, tables.Uploads);
        }

        for (int i = 0; i < lengths.Length; i++)
        {
            Same(q[i], p[i]);
            Same(n[i], m[i]);
            Same(w[i], v[i]);
        }

        // Other gradients take the place of the first ones in the table's memory.
        Storage[] others = All(device, 5);
        long held = device.MemoryInUse;
        AdamUpdate.Run(p, m, v, others, 4, 0.01, 0.9, 0.999, 1e-8, 0.1);
        AdamUpdate.Run(q, n, w, All(devices.Cpu, 5), 4, 0.01, 0.9, 0.999, 1e-8, 0.1);
        Assert.Equal((2, held), (tables.Uploads, device.MemoryInUse));
        for (int i = 0; i < lengths.Length; i++) Same(q[i], p[i]);

        // Arrays of other lengths have a table of their own.
        AdamUpdate.Run(p[1..], m[1..], v[1..], g[1..], 5, 0.01, 0.9, 0.999, 1e-8, 0.1);
        AdamUpdate.Run(p, m, v, others, 6, 0.01, 0.9, 0.999, 1e-8, 0.1);
        Assert.Equal(3, tables.Uploads);

        Storage[] All(Device on, int seed) =>
            [.. lengths.Select(length => TwoDevices.With<float>(on, [.. TwoDevices.Random<float>(length, 1, seed).Select(MathF.Abs)]))];

        void Same(Storage expected, Storage found)
        {
            float[] a = new float[expected.Length], b = new float[found.Length];
            expected.CopyTo<float>(a);
            found.CopyTo<float>(b);
            for (int i = 0; i < a.Length; i++) Assert.True(
                Math.Abs(a[i] - b[i]) <= 1e-6 * (1 + Math.Abs(a[i])),
                $"element {i} of {a.Length}: {b[i]:R} on the simulator, {a[i]:R} on the host");
        }
    }

    [Fact]
    public void Losses_noise_and_optimisers_agree()
    {
        float[] x = TwoDevices.Random<float>(37, 4), t = [.. TwoDevices.Random<float>(37, 1, 2).Select(MathF.Abs)],
            g = TwoDevices.Random<float>(37, 1, 3);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => BinaryCrossEntropy.FromLogits(s[0], s[1], y), x, t);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => BinaryCrossEntropy.FromLogitsGradient(s[2], s[0], s[1], y), x, t, g);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => BinaryCrossEntropy.FromProbabilities(s[1], s[1], y), x, t);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => BinaryCrossEntropy.FromProbabilitiesGradient(s[2], s[1], s[1], y), x, t, g);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => Reparameterize.Run(s[0], s[1], s[2], y), x, t, g);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => Reparameterize.LogVarianceGradient(s[0], s[1], s[2], y), x, t, g);
        Adam(0, t);
        Adam(1, t);
        Adam(2, t);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => SgdUpdate.Run([y], [s[0]], 0.1), g);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => SgdUpdate.Run([s[1]], [y], [s[0]], 0.1, 0.9), g, x);

        Rms(0, [], []);
        Rms(0, [2], []);
        Rms(1, [], [3]);
        Rms(3, [2], [3]);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => SgdUpdate.Run([y], [s[0]], 0.1, 0.3), g);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => SgdUpdate.Run([y], [s[1]], [s[0]], 0.1, 0.9, 0.3), g, x);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => AverageUpdate.Run([y], [s[1]], [s[0]], 0.9), g, x);
        devices.Agree<float>(2e-6, 1, 37, (s, y) => AverageUpdate.Run([s[1]], [y], [s[0]], 0.9), g, x);
        devices.Agree<float>(0, 1, 37, (s, y) => AverageUpdate.Exchange([y], [s[0]]), g);
        devices.Agree<float>(0, 1, 37, (s, y) => AverageUpdate.Exchange([s[0]], [y]), g);
        devices.Agree<float>(1e-6, 1, 37, (s, y) => Move.Fill(y, SumOfSquares.Run([s[0], s[1]])), g, x);

        void Rms(int state, int[] mean, int[] velocity) => devices.Agree<float>(2e-5, 1, 37, (s, y) =>
        {
            Storage[] states = [s[1], s[2], s[3], s[4]];
            states[state] = y;
            Move.Copy(s[1 + state], y);
            RmsPropUpdate.Run([states[0]], [states[1]], [.. mean.Select(i => states[i])], [.. velocity.Select(i => states[i])], [s[0]], 0.1,
                0.9, 1e-3, 0.5);
        }, g, x, t, g, x);

        void Adam(int state, float[] start) => devices.Agree<float>(2e-6, 1, 37, (s, y) =>
        {
            Storage[] states = [s[1], s[2], s[3]];
            states[state] = y;
            Move.Copy(s[1 + state], y);
            AdamUpdate.Run([states[0]], [states[1]], [states[2]], [s[0]], 3, 0.1, 0.9, 0.99, 1e-8);
        }, g, x, x, start);
    }

    private void Agrees<TOp, T>(TOp op, Type type, double tolerance)
        where TOp : unmanaged, IMapOp
        where T : unmanaged, INumber<T>
    {
        // The elementary operations agree everywhere, at all pairs of special values; the others at what they are made for, from 0 to 1.
        bool isElementary = type.Namespace == typeof(Add).Namespace;
        bool isPeriodic = type == typeof(Sin) || type == typeof(Cos);
        double[] special = [.. s_special.Where(v => !isPeriodic || !(Math.Abs(v) > 1000))];
        T[][] inputs = !isElementary
            ? [.. Enumerable.Range(1, TOp.Arity).Select(seed => Array.ConvertAll(TwoDevices.Random<T>(100, 1, seed), T.Abs))]
            : TOp.Arity == 1 ? [[.. special.Select(T.CreateTruncating), .. TwoDevices.Random<T>(50, 5)]]
            : [[.. special.SelectMany(v => special.Select(_ => T.CreateTruncating(v)))],
                [.. special.SelectMany(_ => special.Select(T.CreateTruncating))],
                .. TOp.Arity == 2 ? (T[][])[] : [[.. special.SelectMany((_, i) => special.Select(
                    (_, j) => T.CreateTruncating(special[((2 * i) + j) % special.Length])))]]];

        // Where terms cancel, the host's fused multiplications show; bins of a discretised density are differences of nearby values.
        if (type.Name.StartsWith("Discretized", StringComparison.Ordinal)) tolerance *= 1000;
        else if (!isElementary || s_cancelling.Any(name => type.Name.StartsWith(name, StringComparison.Ordinal))) tolerance *= 20;
        Shape shape = new(inputs[0].Length);
        devices.Agree<T>(tolerance, 0.5, shape.Count, (s, y) => Map.Run(type.Name, op, y, shape, s, [.. s.Select(_ => shape)]), inputs);
    }

    internal readonly struct Weighted(double weight) : ITernaryOp
    {
        private readonly double _weight = weight;

        public T Apply<T>(T x, T y, T z) where T : unmanaged, Kernels.Lanes.ILane<T> => (T.Of(_weight) * x) + (y * z);
    }

    internal readonly struct Mixed : IQuaternaryOp
    {
        public T Apply<T>(T x, T y, T z, T w) where T : unmanaged, Kernels.Lanes.ILane<T> => T.Max(x, y) - (z * w);
    }
}
