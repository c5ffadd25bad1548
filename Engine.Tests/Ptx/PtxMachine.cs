using System.Runtime.InteropServices;

namespace Engine.Tests.Ptx;

/// <summary>
/// Runs PTX, so that what a card will be given can be held against what it should compute where there is no card. It knows the instructions
/// that the kernels of the matrix products use, cp.async, ldmatrix and mma.sync among them, by the description of the PTX ISA; it is slow,
/// and strict: memory beside an array, a register that is not declared, lanes that are not together, a copy that nobody has waited for
/// show.
/// </summary>
internal sealed class PtxMachine(string text)
{
    internal PtxProgram Program { get; } = new(text);

    internal PtxMemory Memory { get; } = new();

    internal byte[] Parameters { get; private set; } = [];

    /// <summary>Runs the kernel.</summary>
    /// <param name="grid">Groups.</param>
    /// <param name="group">Threads of each.</param>
    /// <param name="arguments">The bytes of each parameter.</param>
    internal void Launch((int X, int Y, int Z) grid, (int X, int Y, int Z) group, params byte[][] arguments)
    {
        if (arguments.Length != Program.ParameterOffsets.Count) throw new PtxException(
            $"The kernel has {Program.ParameterOffsets.Count} parameters, found {arguments.Length} arguments.");
        Parameters = new byte[Program.ParameterBytes];
        for (int i = 0; i < arguments.Length; i++) arguments[i].CopyTo(Parameters, Program.ParameterOffsets[i]);
        for (int z = 0; z < grid.Z; z++)
            for (int y = 0; y < grid.Y; y++)
                for (int x = 0; x < grid.X; x++) new PtxBlock(this, grid, group, (x, y, z)).Run();
    }

    /// <summary>The bytes of a struct or number.</summary>
    internal static byte[] Of<T>(T value) where T : unmanaged => MemoryMarshal.AsBytes([value]).ToArray();

    /// <summary>The bytes of a view of an array.</summary>
    internal static byte[] View(long address, long length) => [.. Of(address), .. Of(length)];
}
