namespace Engine.Kernels.Devices;

/// <summary>Work cut into chunks that may run in any order, on any thread: <see cref="WorkerThreads.Run"/>.</summary>
internal interface IJob
{
    /// <summary>Does one chunk. Chunks must not write to the same element.</summary>
    void Run(int chunk);
}
