using Engine.Kernels.RandomNumbers;

namespace Engine.Kernels.Devices;

/// <summary>What every kernel checks before it touches memory.</summary>
internal static class Arguments
{
    /// <summary>All storages on one device; returns it. Every kernel begins with this, so it also says which one runs.</summary>
    internal static Device OneDevice(string operation, params ReadOnlySpan<Storage?> storages)
    {
        RunningOperation.Begin(operation);
        Device? device = null;
        foreach (Storage? storage in storages)
        {
            if (storage is null) continue;
            storage.ThrowIfReleased();
            device ??= storage.Device;
            if (!ReferenceEquals(storage.Device, device))
                throw new ArgumentException(
                    $"{operation}: all arguments must be on one device, found '{device.Name}' and '{storage.Device.Name}' (or two "
                    + "devices of one name).");
        }

        return device ?? throw new ArgumentException($"{operation}: no storage was given.");
    }

    /// <summary>All storages of one element type; returns it.</summary>
    internal static DType OneType(string operation, params ReadOnlySpan<Storage?> storages)
    {
        DType? dtype = null;
        foreach (Storage? storage in storages)
        {
            if (storage is null) continue;
            dtype ??= storage.DType;
            if (storage.DType != dtype) throw new ArgumentException(
                $"{operation}: all arguments must hold one type, found {dtype} and {storage.DType}.");
        }

        return dtype ?? throw new ArgumentException($"{operation}: no storage was given.");
    }

    /// <summary>
    /// All storages on one device, of one floating type, of their lengths; those that are null are left out. Returns the device.
    /// </summary>
    internal static Device Floating(string operation, params ReadOnlySpan<(string Name, Storage? Storage, long Length)> arguments)
    {
        Storage? first = null;
        foreach ((string name, Storage? storage, long length) in arguments)
        {
            if (storage is null) continue;
            first ??= storage;
            OneDevice(operation, first, storage);
            OneType(operation, first, storage);
            Floating(operation, name, storage);
            Length(operation, name, storage, length);
        }

        return first?.Device ?? throw new ArgumentException($"{operation}: no storage was given.");
    }

    /// <summary>A storage of float32 or float64.</summary>
    internal static void Floating(string operation, string name, Storage storage)
    {
        if (storage.DType == DType.Int32)
            throw new ArgumentException($"{operation}: {name} must be {DType.Float32} or {DType.Float64}, found {storage.DType}.");
    }

    /// <summary>A storage of the expected number of elements.</summary>
    internal static void Length(string operation, string name, Storage storage, long expected)
    {
        if (storage.Length != expected)
            throw new ArgumentException($"{operation}: {name} must hold {expected} elements, found {storage.Length}.");
    }

    /// <summary>The index of a random number at which a kernel may start.</summary>
    internal static void RandomOffset(string operation, long offset)
    {
        if (offset < 0 || offset % Philox.Group != 0)
            throw new ArgumentException(
                $"{operation}: the index of the first random number must be a multiple of {Philox.Group}, as RandomStream.Reserve returns, "
                + $"found {offset}.");
    }
}

/// <summary>
/// Which operation the calling thread began last, for the message of a failure: memory is requested and kernels are launched far below the
/// line that a user wrote. A name is set for each operation and read only when something has gone wrong, so it costs a store.
/// </summary>
internal static class RunningOperation
{
    [ThreadStatic]
    private static string? s_name;

    [ThreadStatic]
    private static string? s_differentiated;

    /// <summary>Says which operation begins.</summary>
    internal static void Begin(string name) => s_name = name;

    /// <summary>Says whose derivative is computed from now on; null for none.</summary>
    internal static void BeginDerivative(string? of) => s_differentiated = of;

    /// <summary><c>MatMul</c>, or <c>MatMul in the derivative of Linear</c>; null where no operation was begun.</summary>
    internal static string? Description =>
        s_differentiated is null ? s_name
        : s_name is null || s_name == s_differentiated ? $"the derivative of {s_differentiated}"
        : $"{s_name} in the derivative of {s_differentiated}";
}
