using Engine.Kernels.Devices;

namespace Engine.Kernels.Movement;

public static partial class Move
{
    /// <summary>Sets every element to one value, converted to the type of the elements.</summary>
    public static void Fill(Storage y, double value)
    {
        Device device = Arguments.OneDevice("Move.Fill", y);
        y.ForgetRange();
        FillOn(device, y, value);
    }

    /// <summary>y = x.</summary>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Copy(Storage x, Storage y)
    {
        const string Operation = "Move.Copy";
        Device device = Check(Operation, x, y);
        Arguments.Length(Operation, nameof(y), y, x.Length);
        CopyOn(device, x, y);
    }

    /// <summary>
    /// y = x in another type. To float it rounds to the nearest; to int it drops the fraction, takes the nearest int for what is
    /// out of range, and 0 for NaN.
    /// </summary>
    /// <exception cref="ArgumentException">Devices or lengths do not match.</exception>
    public static void Convert(Storage x, Storage y)
    {
        const string Operation = "Move.Convert";
        Device device = Arguments.OneDevice(Operation, x, y);
        Arguments.Length(Operation, nameof(y), y, x.Length);
        if (ReferenceEquals(x, y)) throw new ArgumentException($"{Operation}: the output must not be the input.");
        y.ForgetRange();
        if (x.DType == y.DType) CopyOn(device, x, y);
        else if (device is CpuDevice cpu) ConvertHost(cpu, x, y);
        else if (x.Length > 0) ConvertIlgpu((GpuDevice)device, x, y);
    }

    private static void FillOn(Device device, Storage y, double value)
    {
        if (device is CpuDevice cpu) FillHost(cpu, y, value);
        else if (y.Length > 0) FillIlgpu((GpuDevice)device, y, value);
    }

    private static void CopyOn(Device device, Storage x, Storage y)
    {
        StridedCopy copy = new();
        copy.Add(x.Length, 1, 1);
        if (x.Length > 0) Run(device, x, 0, y, 0, copy);
    }
}
