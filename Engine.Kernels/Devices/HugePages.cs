using System.Runtime.InteropServices;

namespace Engine.Kernels.Devices;

/// <summary>
/// Asks the system to back large blocks by huge pages: the kernels read rows of several images at once, tens of kilobytes apart, and with
/// pages of 4 KiB each of them needs an entry of its own in the processor's table of addresses.
/// </summary>
internal static partial class HugePages
{
    /// <summary>
    /// Bytes of a huge page on x86-64, and on Arm with pages of 4 KiB: blocks of at least this size start at a multiple of it.
    /// </summary>
    internal const int Size = 2 << 20;

    /// <summary>MADV_HUGEPAGE of Linux.</summary>
    private const int Advice = 14;

    /// <summary>
    /// Advises the system for the whole huge pages of a block that nothing has written to yet. It is free to decline, and other systems are
    /// not asked.
    /// </summary>
    internal static void AskFor(nint block, long bytes)
    {
        if (OperatingSystem.IsLinux()) _ = Advise(block, (nuint)(bytes / Size * Size), Advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
