namespace Engine.Kernels;

/// <summary>
/// The gated activation unit y = tanh(a) sigmoid(b) of the two halves of each row, a and b, in one pass (van den Oord et al. 2016, arXiv:1606.05328, equation 2), and its gradient.
/// </summary>
public static partial class TanhSigmoidGate
{
    /// <summary>y[r, c] = tanh(x[r, c]) sigmoid(x[r, width + c])</summary>
    /// <param name="x">The input, <paramref name="rows"/> x 2 <paramref name="width"/>: float32 or float64.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the output.</param>
    /// <param name="y">The output, <paramref name="rows"/> x <paramref name="width"/>; not the input.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Run(Storage x, int rows, int width, Storage y)
    {
        const string operation = nameof(TanhSigmoidGate);
        Device device = Check(operation, rows, width, (nameof(x), x, 2), (nameof(y), y, 1));
        if (y.Length == 0) return;
        if (device is CpuDevice cpu) RunOnHost(cpu, null, x, rows, width, y);
        else RunOnIlgpu((IlgpuDevice)device, null, x, rows, width, y);
    }

    /// <summary>With t = tanh(a) and s = sigmoid(b), made again from x: da = g s (1 - t²), db = g t s (1 - s).</summary>
    /// <param name="g">The gradient of the output, <paramref name="rows"/> x <paramref name="width"/>.</param>
    /// <param name="x">The input.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the output.</param>
    /// <param name="dx">The gradient of the input, <paramref name="rows"/> x 2 <paramref name="width"/>; may be <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Gradient(Storage g, Storage x, int rows, int width, Storage dx)
    {
        const string operation = $"{nameof(TanhSigmoidGate)}.{nameof(Gradient)}";
        Device device = Check(operation, rows, width, (nameof(g), g, 1), (nameof(x), x, 2), (nameof(dx), dx, 2));
        if (g.Length == 0) return;
        if (device is CpuDevice cpu) RunOnHost(cpu, g, x, rows, width, dx);
        else RunOnIlgpu((IlgpuDevice)device, g, x, rows, width, dx);
    }

    private static Device Check(string operation, int rows, int width, params ReadOnlySpan<(string Name, Storage Storage, int Halves)> arguments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        foreach ((string name, Storage storage, int halves) in arguments)
        {
            ArgumentNullException.ThrowIfNull(storage, name);
            Arguments.OneDevice(operation, arguments[0].Storage, storage);
            Arguments.OneType(operation, arguments[0].Storage, storage);
            Arguments.Length(operation, name, storage, (long)rows * width * halves);
            if (storage.DType == DType.Int32) throw new ArgumentException($"{operation}: {name} must be {DType.Float32} or {DType.Float64}, found {DType.Int32}.");
        }

        return arguments[0].Storage.Device;
    }
}
