namespace Engine.Kernels.Devices;

/// <summary>
/// Makes a device fail in the way of a card whose memory is used up or that is lost, so that what is said and saved then can be tested: no
/// test can wait for a card to do it. A device has none unless a test gives it one.
/// </summary>
internal sealed class FailurePlan
{
    private bool _isLost;

    /// <summary>The bytes that the device has; an allocation beyond them fails as a driver's does.</summary>
    internal long Memory { get; init; } = long.MaxValue;

    /// <summary>How many launches succeed. The next one fails, and so does everything that is asked of the device from then on.</summary>
    internal long Launches { get; init; } = long.MaxValue;

    /// <summary>How many downloads succeed, likewise.</summary>
    internal long Downloads { get; init; } = long.MaxValue;

    /// <summary>Called before anything is asked of the device.</summary>
    internal void Check(DeviceActivity activity)
    {
        _isLost |= activity.Launches > Launches || activity.Downloads > Downloads;
        if (_isLost) throw new PlannedFailureException("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered");
    }

    /// <summary>Called before the device allocates.</summary>
    internal void Allocate(long bytes, long held)
    {
        if (_isLost) throw new PlannedFailureException("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered");
        if (bytes > Memory - held) throw new PlannedFailureException("CUDA_ERROR_OUT_OF_MEMORY", "out of memory");
    }
}
