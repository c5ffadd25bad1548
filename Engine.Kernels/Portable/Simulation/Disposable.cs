namespace Engine.Kernels.Portable;

/// <summary>Stands for ILGPU's base class of everything that is disposed once.</summary>
internal abstract class Disposable : IDisposable
{
    public bool IsDisposed { get; private set; }

    public void Dispose()
    {
        if (!IsDisposed)
        {
            IsDisposed = true;
            Dispose(disposing: true);
            GC.SuppressFinalize(this);
        }
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
