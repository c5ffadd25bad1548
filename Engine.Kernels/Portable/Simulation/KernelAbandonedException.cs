namespace Engine.Kernels.Portable;

/// <summary>Unwinds a kernel thread that waits in a group in which another thread has failed. It never leaves the simulator.</summary>
#pragma warning disable RCS1194 // Carries no message: nobody outside reads it.
internal sealed class KernelAbandonedException : Exception;
#pragma warning restore RCS1194
