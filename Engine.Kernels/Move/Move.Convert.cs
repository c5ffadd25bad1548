namespace Engine.Kernels;

public static partial class Move
{
    /// <summary>Sets every element to one value, converted to the type of the elements.</summary>
    public static void Fill(Storage y, double value) =>
        FillHost(Host("Move.Fill", Arguments.OneDevice("Move.Fill", y)), y, value);

    /// <summary>y = x.</summary>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Copy(Storage x, Storage y)
    {
        const string Operation = "Move.Copy";
        CpuDevice cpu = Check(Operation, x, y);
        Arguments.Length(Operation, nameof(y), y, x.Length);
        CopyHost(cpu, x, y);
    }

    /// <summary>
    /// y = x in another type. To float it rounds to the nearest; to int it drops the fraction, takes the nearest int for what is
    /// out of range, and 0 for NaN.
    /// </summary>
    /// <exception cref="ArgumentException">Devices or lengths do not match.</exception>
    public static void Convert(Storage x, Storage y)
    {
        const string Operation = "Move.Convert";
        CpuDevice cpu = Host(Operation, Arguments.OneDevice(Operation, x, y));
        Arguments.Length(Operation, nameof(y), y, x.Length);
        if (ReferenceEquals(x, y)) throw new ArgumentException($"{Operation}: the output must not be the input.");
        if (x.DType == y.DType) CopyHost(cpu, x, y);
        else ConvertHost(cpu, x, y);
    }
}
