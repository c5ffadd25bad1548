namespace Engine.Tests;

/// <summary>Tests each of which has a host device and a folder of its own: made when first asked for, gone when the test is over.</summary>
/// <param name="threads">The threads of the device.</param>
public abstract class IsolatedTests(int threads = 1) : IDisposable
{
    private readonly Lazy<CpuDevice> _cpu = new(() => new CpuDevice(threads));
    private readonly Lazy<TestFolder> _folder = new(() => new TestFolder());

    private protected CpuDevice Cpu => _cpu.Value;

    private protected TestFolder Folder => _folder.Value;

    public virtual void Dispose()
    {
        if (_cpu.IsValueCreated) _cpu.Value.Dispose();
        if (_folder.IsValueCreated) _folder.Value.Dispose();
        GC.SuppressFinalize(this);
    }
}
