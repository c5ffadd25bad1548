#:project ../../Engine.Models
#:property PublishAot=false

// An elementwise kernel and a reduction, in SIMD for the host and in ILGPU for cards and the simulator, checked and timed:
// dotnet run docs/lessons/kernel.cs -- [--device cpu:1|simulator|cuda] [--rows N] [--columns N] [--help]. See kernel.md.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Kernels;
using Engine.Kernels.Devices.Gpu;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Reductions;
using Engine.Kernels.Rows;
using Engine.Models.Data;
using Engine.Models.Training;
using ILGPU;
using ILGPU.Runtime;
using Device = Engine.Kernels.Device;

const int Most = 1 << 26;

// The simulator runs thread by thread: a few rows.
bool isSmall = ProgramOption.IsGiven(args, "--device", "simulator") || Environment.GetEnvironmentVariable("ENGINE_DEVICE") == "simulator";
Option<int> rows = ProgramOption.Integer("--rows", "Rows of the matrix.", isSmall ? 4 : 4096, 1, Most);
Option<int> columns = ProgramOption.Integer("--columns", "Columns of the matrix.", isSmall ? 300 : 4096, 1, Most);
Option<int> runs = ProgramOption.Integer("--runs", "Runs of each kernel, of which the median is told.", 9, 1, 10_000);
Option<int> seed = ProgramOption.Integer("--seed", "The seed of the matrix.", 1, 0);
Option<string> output = new("--out") { Description = "The folder for the table.", DefaultValueFactory = _ => "out/kernel" };
Option<string?> device = new("--device") { Description = "Where to compute: cpu, cpu:THREADS, simulator, cuda." };
return PlainProgram.Run(
    args, "kernel", "An elementwise kernel and a reduction, each by hand and in lanes, checked and timed.", Measure,
    [rows, columns, runs, seed, output, device]);

void Measure(ParseResult options, CancellationToken stop)
{
    using Device computing = options.GetValue(device) is { } name ? Device.Open(name) : Device.OpenDefault();
    (int n, int width) = (options.GetValue(rows), options.GetValue(columns));
    if ((long)n * width > Most) throw new DataException(
        $"--rows and --columns: expected at most {Most} elements, found {n} x {width}.");

    float[] values = new RandomStream(options.GetValue(seed)).Uniform(n * width);
    Storage x = computing.Allocate(DType.Float32, values.Length), y = computing.Allocate(DType.Float32, values.Length),
        sums = computing.Allocate(DType.Float32, n);
    x.CopyFrom<float>(values);
    StringBuilder table = new($"{computing}, {n} x {width} float32\n\n| | ms | GB/s | largest relative error |\n|---|---|---|---|\n");
    Console.WriteLine($"{computing}: {n} x {width} elements, median of {options.GetValue(runs)} runs");

    // y = x / (1 + |x|): each element is read and written once.
    double bytes = 8.0 * values.Length;
    Tell("softsign by hand", bytes, () => ByHand.Softsign(computing, x, y), OfElements);
    Tell("softsign in lanes", bytes, () => Map.Unary(x, y, default(Softsign)), OfElements);
    Tell("a copy", bytes, () => Move.Copy(x, y), null);

    // sums[row] = sum over the columns: each element is read once.
    if (computing is CpuDevice) Tell("row sums, one by one", bytes / 2, () =>
        ByHand.OneByOne(x.AsSpan<float>(), width, sums.AsSpan<float>()), OfSums);
    Tell("row sums by hand", bytes / 2, () => ByHand.RowSums(computing, x, width, sums), OfSums);
    Tell("row sums in lanes", bytes / 2, () => RowSum.Unary(x, [n, width], sums, default(Same)), OfSums);
    Tell("Reduce.Sum", bytes / 2, () => Reduce.Sum(x, [n, width], [1], sums), OfSums);

    // The sums of the softsigns: in two passes over memory, and in one.
    Tell("softsign, then sums", 1.5 * bytes, () =>
    {
        Map.Unary(x, y, default(Softsign));
        RowSum.Unary(y, [n, width], sums, default(Same));
    }, OfSoftsignSums);
    Tell("both in one pass", bytes / 2, () => RowSum.Unary(x, [n, width], sums, default(Softsign)), OfSoftsignSums);
    new OutputFolder(options.GetValue(output)!).SaveText("kernel.md", table.ToString());
    foreach (Storage storage in (ReadOnlySpan<Storage>)[x, y, sums]) storage.Release();

    void Tell(string what, double moved, Action kernel, Func<double>? error)
    {
        kernel();
        string wrong = error is null ? "" : error().ToString("E1", CultureInfo.InvariantCulture);

        // A run is the kernel as often as a millisecond takes, for the clock is not exact to less than a microsecond.
        int times = Math.Clamp((int)(1e-3 / Seconds(1)), 1, 10_000);
        double[] seconds = new double[options.GetValue(runs)];
        for (int run = 0; run < seconds.Length; run++) seconds[run] = Seconds(times) / times;

        Array.Sort(seconds);
        double median = seconds[seconds.Length / 2];
        string time = string.Create(CultureInfo.InvariantCulture, $"{1e3 * median:F4}"),
            speed = string.Create(CultureInfo.InvariantCulture, $"{moved / median / 1e9:F2}");
        Console.WriteLine($"  {what,-22} {time,10} ms {speed,8} GB/s  {(wrong.Length > 0 ? $"error {wrong}" : "")}");
        table.Append(CultureInfo.InvariantCulture, $"| {what} | {time} | {speed} | {wrong} |\n");

        double Seconds(int times)
        {
            stop.ThrowIfCancellationRequested();
            computing.Synchronize();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < times; i++) kernel();
            computing.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    // Both against a plain loop in float64
    double OfElements()
    {
        float[] found = new float[values.Length];
        y.CopyTo<float>(found);
        double worst = 0;
        for (int i = 0; i < found.Length; i++)
        {
            double wanted = values[i] / (1 + Math.Abs((double)values[i]));
            worst = Math.Max(worst, Math.Abs(found[i] - wanted) / Math.Max(Math.Abs(wanted), 1e-30));
        }

        return worst;
    }

    double OfSums() => WorstSum(value => value);

    double OfSoftsignSums() => WorstSum(value => value / (1 + Math.Abs(value)));

    double WorstSum(Func<double, double> term)
    {
        float[] found = new float[n];
        sums.CopyTo<float>(found);
        double worst = 0;
        for (int row = 0; row < n; row++)
        {
            double wanted = 0;
            for (int column = 0; column < width; column++) wanted += term(values[(row * width) + column]);
            worst = Math.Max(worst, Math.Abs(found[row] - wanted) / wanted);
        }

        return worst;
    }
}

/// <summary>x / (1 + |x|), in lanes: one definition for SIMD and for cards.</summary>
public readonly struct Softsign : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x / (T.Of(1) + T.Abs(x));
}

/// <summary>x itself, for a sum.</summary>
public readonly struct Same : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x;
}

/// <summary>Both kernels in both forms, and the choice between them.</summary>
public static class ByHand
{
    private const int GroupSize = 128;

    /// <summary>y = x / (1 + |x|) on the device that holds them.</summary>
    public static void Softsign(Device device, Storage x, Storage y)
    {
        if (device is CpuDevice) Softsign(x.AsSpan<float>(), y.AsSpan<float>());
        else device.Launcher(SoftsignKernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            x.Length, x.ViewOf<float>(), y.ViewOf<float>());
    }

    /// <summary>sums[row] = the sum of a row of x, on the device that holds them.</summary>
    public static void RowSums(Device device, Storage x, int columns, Storage sums)
    {
        if (device is CpuDevice) RowSums(x.AsSpan<float>(), columns, sums.AsSpan<float>());
        else device.Launcher(RowSumsKernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            new KernelConfig(sums.Length, GroupSize), columns, x.ViewOf<float>(), sums.ViewOf<float>());
    }

    /// <summary>On the host: a vector at a time, and what is left one by one.</summary>
    public static void Softsign(ReadOnlySpan<float> x, Span<float> y)
    {
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> v = new(x[i..]);
            (v / (Vector<float>.One + Vector.Abs(v))).CopyTo(y[i..]);
        }

        for (; i < x.Length; i++) y[i] = x[i] / (1 + Math.Abs(x[i]));
    }

    /// <summary>On a card: a thread for each element.</summary>
    public static void SoftsignKernel(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = x[i] / (1 + IntrinsicMath.Abs(x[i]));

    /// <summary>On the host, as one would write it first: every addition waits for the one before.</summary>
    public static void OneByOne(ReadOnlySpan<float> x, int columns, Span<float> sums)
    {
        for (int row = 0; row < sums.Length; row++)
        {
            float sum = 0;
            foreach (float value in x.Slice(row * columns, columns)) sum += value;
            sums[row] = sum;
        }
    }

    /// <summary>On the host: four vectors of partial sums, of which none waits for another, and what is left one by one.</summary>
    public static void RowSums(ReadOnlySpan<float> x, int columns, Span<float> sums)
    {
        for (int row = 0; row < sums.Length; row++)
        {
            ReadOnlySpan<float> values = x.Slice(row * columns, columns);
            ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
            Vector<float> a = default, b = default, c = default, d = default;
            int i = 0;
            for (; i <= vectors.Length - 4; i += 4)
            {
                a += vectors[i];
                b += vectors[i + 1];
                c += vectors[i + 2];
                d += vectors[i + 3];
            }

            for (; i < vectors.Length; i++) a += vectors[i];
            float sum = Vector.Sum(a + b + (c + d));
            foreach (float value in values[(vectors.Length * Vector<float>.Count)..]) sum += value;
            sums[row] = sum;
        }
    }

    /// <summary>
    /// On a card: a group of threads for each row. Each adds up every 128th element, then half of them the sums of the other half.
    /// </summary>
    public static void RowSumsKernel(int columns, ArrayView<float> x, ArrayView<float> sums)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSize);
        int row = Grid.IdxX, thread = Group.IdxX;
        float sum = 0;
        for (int i = thread; i < columns; i += GroupSize) sum += x[((long)row * columns) + i];
        shared[thread] = sum;
        Group.Barrier();
        for (int half = GroupSize / 2; half > 0; half /= 2)
        {
            if (thread < half) shared[thread] += shared[thread + half];
            Group.Barrier();
        }

        if (thread == 0) sums[row] = shared[0];
    }
}
