using ILGPU.Runtime;

namespace Engine.Kernels.Portable;

/// <summary>Lets devices be added to a context that is being built, without a member that ILGPU's builder lacks.</summary>
internal interface IDeviceRegistry
{
    void Register(ILGPU.Runtime.Device device);
}
