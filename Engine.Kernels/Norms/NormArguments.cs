namespace Engine.Kernels.Norms;

/// <summary>What normalisations check before they touch memory.</summary>
internal static class NormArguments
{
    /// <summary>
    /// All storages on one device, of one floating type, of their lengths; those that are null are left out. Returns the device.
    /// </summary>
    internal static Device Check(
        string operation, Storage x, long length, params ReadOnlySpan<(string Name, Storage? Storage, long Length)> others)
    {
        Arguments.OneDevice(operation, x);
        if (x.DType == DType.Int32) throw new ArgumentException(
            $"{operation}: x must be {DType.Float32} or {DType.Float64}, found {x.DType}.");
        Arguments.Length(operation, nameof(x), x, length);
        foreach ((string name, Storage? storage, long expected) in others)
        {
            if (storage is null) continue;
            Arguments.OneDevice(operation, x, storage);
            Arguments.OneType(operation, x, storage);
            Arguments.Length(operation, name, storage, expected);
        }

        return x.Device;
    }

    internal static void CheckEpsilon(string operation, double epsilon)
    {
        if (!(epsilon > 0) || double.IsInfinity(epsilon))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, $"{operation}: epsilon must be positive and finite.");
    }
}
