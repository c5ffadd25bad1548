using System.Text.RegularExpressions;
using Engine.Kernels.Attention;
using Engine.Kernels.Conv;
using Engine.Kernels.Conv.Host;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm.Host;

namespace Engine.Tests.Devices;

/// <summary>
/// What the compiler makes of the innermost loops of the host's kernels: products, direct convolutions, Winograd's transforms, attention,
/// exp and tanh. <see cref="Run"/> has it compile them, in a process that <c>DOTNET_JitDisasm</c> and <c>DOTNET_JitStdOutFile</c> tell to
/// list what it makes; <see cref="Check"/> reads the list, of x86-64 or of ARM64.
/// </summary>
internal static partial class MachineCode
{
    /// <summary>The argument with which the tests' assembly, started as a program, runs the kernels.</summary>
    internal const string RunProgram = "machine-code";

    /// <summary>The argument with which it reads a list, whose file follows.</summary>
    internal const string CheckProgram = "machine-code-check";

    /// <summary>The methods that <c>DOTNET_JitDisasm</c> is to list.</summary>
    internal const string Methods = "Tile Input Output OutputGradient KernelGradient Row";

    // Parts of the names of the methods, each of which has to be found.
    private static readonly string[] s_kernels =
        ["MicroKernel`2", "BroadcastProduct`2", "WinogradTiles`2", "Elementwise.Exp]", "Elementwise.Tanh]"];

    /// <summary>Runs each kernel once, with the widest vectors or those that <c>ENGINE_VECTORS</c> names.</summary>
    internal static int Run()
    {
        using CpuDevice cpu = new(1);
        LaneDispatch.OnHost(cpu, DType.Float32, default(Kernels));
        return 0;
    }

    /// <summary>Prints what <see cref="Find"/> finds in a file.</summary>
    /// <returns>The exit code: 0 where all kernels are in the list and nothing is wrong with them.</returns>
    internal static int Check(string file)
    {
        (int loops, List<string> faults) = Find(File.ReadAllLines(file));
        foreach (string fault in faults) Console.WriteLine(fault);
        Console.WriteLine($"{loops} innermost loops, {faults.Count} faults");
        return faults.Count == 0 ? 0 : 1;
    }

    /// <summary>Looks through the innermost loops of the kernels in a list of the compiler's: how many, and what is wrong.</summary>
    internal static (int Loops, List<string> Faults) Find(string[] lines)
    {
        List<string> faults = [];
        HashSet<string> found = [];
        int loops = 0;
        string? method = null;
        Dictionary<string, int> labels = [];
        int lastEnd = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            if (Heading().Match(lines[i]) is { Success: true } heading)
            {
                method = Array.Find(s_kernels, kernel => heading.Groups[1].Value.Contains(kernel, StringComparison.Ordinal)) is { } name
                    ? heading.Groups[1].Value : null;
                if (method is not null) found.Add(Array.Find(s_kernels, kernel => method.Contains(kernel, StringComparison.Ordinal))!);
                labels.Clear();
                lastEnd = i;
            }

            if (method is null) continue;
            if (Label().Match(lines[i]) is { Success: true } label) labels[label.Groups[1].Value] = i;
            if (Branch().Match(lines[i]) is not { Success: true } branch) continue;
            if (!labels.TryGetValue(branch.Groups[1].Value, out int start)) continue;

            // A loop that reaches back over the end of another one is not an innermost one.
            if (start < lastEnd) continue;
            lastEnd = i;
            loops++;
            faults.AddRange(lines[start..i].Where(line => Call().IsMatch(line) || Spill().IsMatch(line))
                .Select(line => $"{method}: {line.Trim()}"));
        }

        faults.AddRange(s_kernels.Where(kernel => !found.Contains(kernel)).Select(kernel => $"{kernel}: not in the list"));
        return (loops, faults);
    }

    [GeneratedRegex("^; Assembly listing for method (.*)$")]
    private static partial Regex Heading();

    [GeneratedRegex("^(G_M[0-9]+_IG[0-9]+):")]
    private static partial Regex Label();

    // A jump, conditional or not, of x86-64 or ARM64.
    [GeneratedRegex(@"^\s+(?:j[a-z]+|b|b\.?[a-z]{2}|cbn?z|tbn?z)\s.*\b(G_M[0-9]+_IG[0-9]+)")]
    private static partial Regex Branch();

    [GeneratedRegex(@"^\s+(?:call|bl|blr)\s")]
    private static partial Regex Call();

    // A vector that is kept on the stack.
    [GeneratedRegex(@"[xyz]mmword ptr \[r[bs]p|^\s+(?:ld|st)[ru]?[rp]\s+q[0-9]+,.*\[(?:fp|sp)")]
    private static partial Regex Spill();

    private readonly struct Kernels : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            Storage Filled(long length)
            {
                Storage storage = cpu.Allocate(DType.Float32, (int)length);
                storage.AsSpan<float>().Fill(0.5f);
                return storage;
            }

            Storage a = Filled(96 * 96), b = Filled(96 * 96), c = Filled(96 * 96);
            MatMul.Run(a, b, c, new MatMulShape(96, 96, 96));
            MatMul.Run(a, b, c, new MatMulShape(96, 96, 96), accumulate: true);
            Map.Unary(a, c, default(Exp));
            Map.Unary(a, c, default(Engine.Kernels.Elementwise.Tanh));
            Conv2dShape shape = new(8, 12, 12, 32, 48, 3, 3, Padding: new(1, 1, 1, 1));
            Storage input = Filled(shape.LengthInput), weight = Filled(shape.LengthWeight), output = Filled(shape.LengthOutput);
            foreach (ConvForm form in (ConvForm[])[ConvForm.Direct, ConvForm.Winograd])
            {
                HostConv2d.Run<V, T>(cpu, input, weight, output, shape, false, null, Activation.None, false, form);
                HostConv2d.Run<V, T>(cpu, output, weight, input, shape, true, null, Activation.None, false, form);
                HostWeightGradient.Run<V, T>(cpu, input, output, weight, shape, false, form);
            }

            AttentionShape heads = new(1, 2, 48, 48, 32);
            AttentionRows Rows() => AttentionRows.Part(Filled(48 * 64), 0, 1, 48, 64);
            (AttentionRows q, AttentionRows k, AttentionRows v) = (Rows(), Rows(), Rows());
            Storage attended = Filled(heads.OutputLength), logSumExp = Filled(2 * heads.Rows);
            ScaledDotProductAttention.Forward(q, k, v, heads, attended, logSumExp);
            ScaledDotProductAttention.Backward(
                q, k, v, heads, attended, logSumExp, Filled(heads.OutputLength), Rows(), Rows(), Rows());
        }
    }
}
