using System.Runtime.InteropServices;

namespace Engine.Tests.Devices;

/// <summary>The innermost loops of the kernels keep their sums in registers and call nothing, with vectors of every width.</summary>
public sealed class MachineCodeTests : IsolatedTests
{
    [SkippableTheory, Values(128, 256, 512)]
    public void Innermost_loops_have_no_calls_and_keep_no_vector_on_the_stack(int bits)
    {
        Skip.If(bits > (int)VectorWidths.Widest, "This processor has narrower vectors.");
        Skip.If(RuntimeInformation.ProcessArchitecture == Architecture.X64 && !System.Runtime.Intrinsics.X86.Fma.IsSupported,
            "A multiply-add that is emulated is a call.");
        string list = Path.Combine(Folder.Path, "list.txt");
        using ChildProgram child = new(
            [("ENGINE_VECTORS", $"{bits}"), ("DOTNET_JitDisasm", MachineCode.Methods), ("DOTNET_JitStdOutFile", list)],
            MachineCode.RunProgram);
        (int code, string output, string error) = child.Result();
        Assert.True(code == 0, output + error);
        (int loops, List<string> faults) = MachineCode.Find(File.ReadAllLines(list));
        Assert.True(faults.Count == 0, string.Join('\n', faults.Take(20)));
        Assert.InRange(loops, 15, 1000);
    }

    [Fact]
    public void A_call_or_a_vector_on_the_stack_is_found_on_x86_and_on_arm64()
    {
        const string heading = "; Assembly listing for method Engine.Kernels.Gemm.Host.MicroKernel`2[A,B]:Tile() (FullOpts)";
        string[] x86 =
        [
            heading, "       vmovups  ymmword ptr [rbp-0x30], ymm0", "G_M1_IG02:  ;; offset=0x0010", "       call     [Some:Method()]",
            "       vmovups  ymmword ptr [rsp+0x20], ymm1", "       vmovups  ymm2, ymmword ptr [rsi]", "       jg       SHORT G_M1_IG02",
        ];
        string[] arm =
        [
            heading, "G_M1_IG02:  ;; offset=0x0010", "            bl      [Some:Method()]", "            str     q1, [fp, #0x20]",
            "            ldr     q1, [x0]", "            fmla    v1.4s, v2.4s, v3.4s", "            bgt     G_M1_IG02",
        ];
        foreach (string[] list in (string[][])[x86, arm])
        {
            (int loops, List<string> faults) = MachineCode.Find(list);
            Assert.Equal(1, loops);
            Assert.Equal(2, faults.Count(fault => !fault.EndsWith("not in the list", StringComparison.Ordinal)));
        }
    }
}
