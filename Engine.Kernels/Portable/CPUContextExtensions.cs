using Engine.Kernels.Portable;

namespace ILGPU.Runtime.CPU;

/// <summary>How a context comes to know CPU devices and opens one.</summary>
internal static class CPUContextExtensions
{
    public static Context.Builder CPU(this Context.Builder builder) => builder.CPU(CPUDevice.Default).CPU(CPUDevice.Nvidia);

    public static Context.Builder CPU(this Context.Builder builder, CPUDevice device)
    {
        ((IDeviceRegistry)builder).Register(device);
        return builder;
    }

    public static CPUDevice GetCPUDevice(this Context context, int cpuDeviceIndex) => context.GetDevice<CPUDevice>(cpuDeviceIndex);

    public static CPUAccelerator CreateCPUAccelerator(this Context context, int cpuDeviceIndex) =>
        context.GetCPUDevice(cpuDeviceIndex).CreateCPUAccelerator(context);
}
