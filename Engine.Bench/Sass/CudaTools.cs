using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Engine.Bench.Sass;

/// <summary>NVIDIA's assembler and disassembler, of a CUDA toolkit from 11.8 on.</summary>
/// <param name="Assembler">The path of <c>ptxas</c>.</param>
/// <param name="Disassembler">The path of <c>nvdisasm</c>.</param>
internal sealed partial record CudaTools(string Assembler, string Disassembler)
{
    /// <summary>Where they were looked for, for a message.</summary>
    internal const string Places = "in the folders of PATH and in CUDA_HOME's bin";

    /// <summary>Finds both; null where one is missing.</summary>
    /// <param name="ptxas">The path of <c>ptxas</c>, beside which <c>nvdisasm</c> is; null to look for them.</param>
    internal static CudaTools? Find(string? ptxas = null)
    {
        IEnumerable<string> folders = ptxas is not null
            ? [Path.GetDirectoryName(Path.GetFullPath(ptxas))!]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                .Append(Path.Join(Environment.GetEnvironmentVariable("CUDA_HOME"), "bin"));
        string suffix = OperatingSystem.IsWindows() ? ".exe" : "";
        foreach (string folder in folders)
        {
            CudaTools tools = new(ptxas ?? Path.Join(folder, "ptxas" + suffix), Path.Join(folder, "nvdisasm" + suffix));
            if (File.Exists(tools.Assembler) && File.Exists(tools.Disassembler)) return tools;
        }

        return null;
    }

    /// <summary>Assembles PTX and reads off what the assembler says of it.</summary>
    /// <param name="ptx">The file with it, beside which <c>.cubin</c> and <c>.sass</c> are written.</param>
    /// <param name="architecture">As in <c>sm_90</c>.</param>
    /// <exception cref="InvalidDataException">The assembler rejects it, or says something else than expected.</exception>
    internal SassReport Assemble(string ptx, string architecture)
    {
        string cubin = Path.ChangeExtension(ptx, ".cubin");
        string said = Run(Assembler, "-v", $"-arch={architecture}", "-o", cubin, ptx);
        Match used = Registers().Match(said);
        if (!used.Success) throw new InvalidDataException($"ptxas names no number of registers for {ptx}: {said}");
        int shared = SharedMemory().Match(said) is { Success: true } bytes ? int.Parse(bytes.Groups[1].Value) : 0;
        int stack = 0, stores = 0, loads = 0;
        foreach (Match function in Stack().Matches(said))
        {
            stack = Math.Max(stack, int.Parse(function.Groups[1].Value));
            stores += int.Parse(function.Groups[2].Value);
            loads += int.Parse(function.Groups[3].Value);
        }

        string sass = Run(Disassembler, "-c", cubin);
        File.WriteAllText(Path.ChangeExtension(ptx, ".sass"), sass);
        return new SassReport(int.Parse(used.Groups[1].Value), stores, loads, stack, shared, SassLoop.Hottest(sass));
    }

    private static string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + error.Result;
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidDataException($"{Path.GetFileName(program)} {string.Join(' ', arguments)} failed: {output.Trim()}");
    }

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex SharedMemory();

    [GeneratedRegex(@"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex Stack();
}
