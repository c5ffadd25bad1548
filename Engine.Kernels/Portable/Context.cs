using System.Collections.Immutable;
using Engine.Kernels.Portable;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>The devices a program may open. Kernels are ordinary compiled methods here: there is nothing to translate or cache.</summary>
internal sealed class Context : Disposable
{
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

    /// <summary>Collects what a context is to have. How hard ILGPU's compiler works means nothing here.</summary>
    public class Builder : IDeviceRegistry
    {
        private readonly List<Device> devices = [];

        protected Builder()
        {
        }

        public Builder Optimize(OptimizationLevel level) => this;

        public Context ToContext() => new([.. devices]);

        void IDeviceRegistry.Register(Device device)
        {
            ArgumentNullException.ThrowIfNull(device);
            devices.Add(device);
        }
    }

    private sealed class OpenBuilder : Builder;
}
