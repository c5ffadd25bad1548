using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Engine.Bench.Machine;

/// <summary>The processor that measures, by the name that it gives itself: figures without it say little.</summary>
internal static class Processor
{
    private const int FirstOfBrand = unchecked((int)0x80000002), LastOfBrand = unchecked((int)0x80000004);

    /// <summary>The name, or the architecture where the processor does not say more, and the cores that this process may use.</summary>
    internal static string Name { get; } = $"{Brand() ?? System()}, {Environment.ProcessorCount} logical cores";

    /// <summary>The 48 characters that x86 processors give by CPUID.</summary>
    private static string? Brand()
    {
        if (!X86Base.IsSupported || unchecked((uint)X86Base.CpuId(int.MinValue, 0).Eax < (uint)LastOfBrand)) return null;
        List<byte> bytes = [];
        for (int leaf = FirstOfBrand; leaf <= LastOfBrand; leaf++)
        {
            (int a, int b, int c, int d) = X86Base.CpuId(leaf, 0);
            foreach (int four in new[] { a, b, c, d }) bytes.AddRange(BitConverter.GetBytes(four));
        }

        return Encoding.ASCII.GetString([.. bytes]).Trim('\0', ' ');
    }

    private static string System()
    {
        const string Information = "/proc/cpuinfo";
        string? line = File.Exists(Information)
            ? File.ReadLines(Information).FirstOrDefault(line => line.StartsWith("Model", StringComparison.OrdinalIgnoreCase)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}";
    }
}
