namespace Engine.Kernels.Gemm;

/// <summary>The checks that matrix products and convolutions share.</summary>
internal static class ProductArguments
{
    /// <summary>Throws unless two operands, the result and the bias fit a shape and each other; returns their device.</summary>
    internal static Device Check<TShape>(
        string operation, in TShape shape, (string Name, Storage Storage, long Length) a, (string Name, Storage Storage, long Length) b,
        (string Name, Storage Storage, long Length) c, Storage? bias, long biasLength, Activation activation)
        where TShape : struct
    {
        ArgumentNullException.ThrowIfNull(a.Storage, a.Name);
        ArgumentNullException.ThrowIfNull(b.Storage, b.Name);
        ArgumentNullException.ThrowIfNull(c.Storage, c.Name);
        Device device = Arguments.OneDevice(operation, a.Storage, b.Storage, c.Storage, bias);
        if (Arguments.OneType(operation, a.Storage, b.Storage, c.Storage, bias) == DType.Int32)
            throw new ArgumentException($"{operation}: the arguments must hold {DType.Float32} or {DType.Float64}, found {DType.Int32}.");
        CheckLength(operation, shape, a.Name, a.Storage, a.Length);
        CheckLength(operation, shape, b.Name, b.Storage, b.Length);
        CheckLength(operation, shape, c.Name, c.Storage, c.Length);
        if (bias is not null) CheckLength(operation, shape, "bias", bias, biasLength);
        if (ReferenceEquals(c.Storage, a.Storage) || ReferenceEquals(c.Storage, b.Storage) || ReferenceEquals(c.Storage, bias))
        {
            string other = ReferenceEquals(c.Storage, a.Storage) ? a.Name : ReferenceEquals(c.Storage, b.Storage) ? b.Name : "bias";
            throw new ArgumentException($"{operation}: {c.Name} must not be {other}: it is written while that is read.");
        }

        if (!Enum.IsDefined(activation.Kind)) throw new ArgumentException(
            $"{operation}: expected an activation, found {activation.Kind}.");
        return device;
    }

    private static void CheckLength<TShape>(string operation, in TShape shape, string name, Storage storage, long expected)
        where TShape : struct
    {
        if (storage.Length != expected)
            throw new ArgumentException($"{operation}: {name} must hold {expected} elements for {shape}, found {storage.Length}.");
    }
}
