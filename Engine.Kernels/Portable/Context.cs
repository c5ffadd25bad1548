using System.Collections.Immutable;
using Engine.Kernels.Portable;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>The devices a program may open. Kernels are ordinary compiled methods here, so there is nothing to translate or cache.</summary>
internal sealed class Context : Disposable
{
    public const string RuntimeAssemblyName = "ILGPURuntime";

    private Context(ImmutableArray<Device> devices) => Devices = devices;

    public ImmutableArray<Device> Devices { get; }

    public static Builder Create() => new OpenBuilder();

    public static Context Create(Action<Builder> buildingCallback)
    {
        ArgumentNullException.ThrowIfNull(buildingCallback);
        Builder builder = Create();
        buildingCallback(builder);
        return builder.ToContext();
    }

    public TDevice GetDevice<TDevice>(int deviceIndex)
        where TDevice : Device
    {
        TDevice[] devices = [.. Devices.OfType<TDevice>()];
        return deviceIndex >= 0 && deviceIndex < devices.Length
            ? devices[deviceIndex]
            : throw new ArgumentOutOfRangeException(
                nameof(deviceIndex), deviceIndex, $"The context knows {devices.Length} devices of type {typeof(TDevice).Name}.");
    }

    public Device GetPreferredDevice(bool preferCPU) =>
        Devices.IsEmpty ? throw new NotSupportedException("The context was built without a device.") : Devices[0];

    /// <summary>Collects what a context is to have. The settings of ILGPU's compiler are accepted and mean nothing here.</summary>
    public class Builder : IDeviceRegistry
    {
        private readonly List<Device> devices = [];

        protected Builder()
        {
        }

        public Builder Default() => this;

        public Builder Optimize(OptimizationLevel level) => this;

        public Builder Inlining(InliningMode inliningMode) => this;

        public Builder Math(MathMode mathMode) => this;

        public Builder Assertions() => this;

        public Builder AutoAssertions() => this;

        public Builder Debug() => this;

        public Builder Verify() => this;

        public Context ToContext() => new([.. devices]);

        void IDeviceRegistry.Register(Device device)
        {
            ArgumentNullException.ThrowIfNull(device);
            devices.Add(device);
        }
    }

    private sealed class OpenBuilder : Builder;
}
