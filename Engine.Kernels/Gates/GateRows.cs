using Engine.Kernels.Devices;

namespace Engine.Kernels.Gates;

/// <summary>
/// The form that gates share: each row of x is two halves, each row of y as wide as one, y = gate(a, b), or with a residual r, y = r +
/// gate(a, b).
/// </summary>
internal static partial class GateRows
{
    /// <summary>y[r, c] = residual[r, c] + gate(x[r, c], x[r, width + c])</summary>
    internal static void Run<TGate>(string operation, TGate gate, Storage x, Storage? residual, int rows, int width, Storage y)
        where TGate : unmanaged, IGate
    {
        Device device = Check(operation, rows, width, (nameof(x), x, 2), (nameof(y), y, 1), (nameof(residual), residual ?? y, 1));
        if (y.Length == 0) return;
        if (device is CpuDevice cpu) RunOnHost(cpu, gate, null, x, residual, rows, width, y);
        else RunOnIlgpu((GpuDevice)device, gate, null, x, residual, rows, width, y);
    }

    /// <summary>The gradients of both halves from that of the output, with what they need made again from x.</summary>
    internal static void Gradient<TGate>(string operation, TGate gate, Storage g, Storage x, int rows, int width, Storage dx)
        where TGate : unmanaged, IGate
    {
        Device device = Check(operation, rows, width, (nameof(g), g, 1), (nameof(x), x, 2), (nameof(dx), dx, 2));
        if (g.Length == 0) return;
        if (device is CpuDevice cpu) RunOnHost(cpu, gate, g, x, null, rows, width, dx);
        else RunOnIlgpu((GpuDevice)device, gate, g, x, null, rows, width, dx);
    }

    /// <summary>The one device of arguments of so many halves of a row.</summary>
    internal static Device Check(
        string operation, int rows, int width, params ReadOnlySpan<(string Name, Storage Storage, int Halves)> arguments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        foreach ((string name, Storage storage, int halves) in arguments)
        {
            ArgumentNullException.ThrowIfNull(storage, name);
            Arguments.OneDevice(operation, arguments[0].Storage, storage);
            Arguments.OneType(operation, arguments[0].Storage, storage);
            Arguments.Length(operation, name, storage, (long)rows * width * halves);
            if (storage.DType == DType.Int32) throw new ArgumentException(
                $"{operation}: {name} must be {DType.Float32} or {DType.Float64}, found {DType.Int32}.");
        }

        return arguments[0].Storage.Device;
    }
}
