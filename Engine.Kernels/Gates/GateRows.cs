using Engine.Kernels.Gates.Gpu;
using Engine.Kernels.Gates.Host;

namespace Engine.Kernels.Gates;

/// <summary>How the second half b of a row gates the first, a: one definition in lanes for the host and for GPUs.</summary>
internal interface IGate
{
    /// <summary>y(a, b)</summary>
    T Apply<T>(T a, T b) where T : unmanaged, ILane<T>;

    /// <summary>The gradients of a and b from that of y.</summary>
    void Gradient<T>(T g, T a, T b, out T da, out T db) where T : unmanaged, ILane<T>;
}

/// <summary>
/// What gates have in common: a row of x consists of two halves a and b, and y = gate(a, b), or r + gate(a, b) with a residual r.
/// </summary>
internal static class GateRows
{
    /// <summary>y[r, c] = residual[r, c] + gate(x[r, c], x[r, width + c])</summary>
    internal static void Run<TGate>(string operation, TGate gate, Storage x, Storage? residual, int rows, int width, Storage y)
        where TGate : unmanaged, IGate
    {
        Device device = Check(operation, rows, width, (nameof(x), x, 2), (nameof(y), y, 1), (nameof(residual), residual ?? y, 1));
        if (y.Length == 0) return;
        LaneDispatch.Run(
            device, x.DType, new HostGateRows.Pass<TGate>(gate, null, x, residual, rows, width, y),
            new GpuGateRows.Pass<TGate>(gate, null, x, residual, rows, width, y));
    }

    /// <summary>The gradients of both halves from that of the output; what they need is recomputed from x.</summary>
    internal static void Gradient<TGate>(string operation, TGate gate, Storage g, Storage x, int rows, int width, Storage dx)
        where TGate : unmanaged, IGate
    {
        Device device = Check(operation, rows, width, (nameof(g), g, 1), (nameof(x), x, 2), (nameof(dx), dx, 2));
        if (g.Length == 0) return;
        LaneDispatch.Run(
            device, x.DType, new HostGateRows.Pass<TGate>(gate, g, x, null, rows, width, dx),
            new GpuGateRows.Pass<TGate>(gate, g, x, null, rows, width, dx));
    }

    /// <summary>Checks arguments whose rows are one or two halves of <paramref name="width"/> elements; returns their device.</summary>
    internal static Device Check(
        string operation, int rows, int width, params ReadOnlySpan<(string Name, Storage Storage, int Halves)> arguments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        foreach ((string name, Storage storage, int halves) in arguments)
        {
            ArgumentNullException.ThrowIfNull(storage, name);
            Arguments.Floating(
                operation, (arguments[0].Name, arguments[0].Storage, (long)rows * width * arguments[0].Halves),
                (name, storage, (long)rows * width * halves));
        }

        return arguments[0].Storage.Device;
    }
}
