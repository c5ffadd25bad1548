namespace ILGPU.Runtime.Cuda;

/// <summary>Inline PTX, which only NVIDIA's cards understand: a kernel asks first, and does without it here.</summary>
internal static class CudaAsm
{
    public static bool IsSupported => false;

    public static void Emit(string asm) => throw Unsupported(asm);

    public static void Emit<T0>(string asm, T0 arg0) => throw Unsupported(asm);

    public static void Emit<T0, T1>(string asm, T0 arg0, T1 arg1) => throw Unsupported(asm);

    public static void Emit<T0, T1, T2>(string asm, T0 arg0, T1 arg1, T2 arg2) => throw Unsupported(asm);

    private static NotSupportedException Unsupported(string asm) => new($"Inline PTX runs on NVIDIA's cards alone: '{asm}'.");
}
