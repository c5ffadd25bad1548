using System.CommandLine;
using Engine.Bench.Sass;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>sass</c>: what NVIDIA's assembler makes of the kernels; no card is needed for this.</summary>
internal static class SassCommand
{
    internal static Command Create()
    {
        Option<string[]> architectures = new("--architecture") {
            Description = "What to assemble for.", DefaultValueFactory = _ => ["sm_80", "sm_90"], AllowMultipleArgumentsPerToken = true };
        Option<string> filter = new("--filter") {
            Description = "Only the kernels whose name contains this.", DefaultValueFactory = _ => "" };
        Option<bool> operations = new("--operations") { Description = "Every elementwise operation too, each in its kernel." };
        Option<string?> ptxas = new("--ptxas") {
            Description = $"The path of ptxas, with nvdisasm beside it; without it both are looked for {CudaTools.Places}." };
        Option<DirectoryInfo?> folder = new("--out") { Description = "Where to leave the PTX, the machine code and its listing." };
        Command command = new("sass", "Assembles the GPU kernels for NVIDIA's cards: registers, spills, shared memory, the inner loop.") {
            architectures, filter, operations, ptxas, folder };
        command.SetAction(parsed => Run(
            parsed.GetValue(architectures)!, parsed.GetValue(filter)!, parsed.GetValue(operations), parsed.GetValue(ptxas),
            parsed.GetValue(folder)));
        return command;
    }

    private static int Run(string[] architectures, string filter, bool operations, string? ptxas, DirectoryInfo? folder)
    {
        if (CudaTools.Find(ptxas) is not { } tools)
        {
            Console.Error.WriteLine(
                $"ptxas and nvdisasm are needed, and were not found {(ptxas is null ? CudaTools.Places : $"at {ptxas}")}. "
                + "They come with the CUDA toolkit (Debian's package nvidia-cuda-toolkit).");
            return 1;
        }

        CatalogKernel[] kernels = [.. KernelCatalog.Kernels.Concat(operations ? KernelCatalog.Operations : [])
            .Where(kernel => kernel.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (kernels.Length == 0)
        {
            Console.Error.WriteLine($"No kernel's name contains '{filter}'.");
            return 1;
        }

        DirectoryInfo place = folder ?? Directory.CreateTempSubdirectory("engine-sass-");
        place.Create();
        try
        {
            using PtxCompiler compiler = new(CudaArchitecture.SM_80);
            (CatalogKernel Kernel, string Architecture)[] work =
                [.. from kernel in kernels from architecture in architectures select (kernel, architecture)];
            Row[] rows = new Row[work.Length];
            Parallel.For(0, work.Length, i => rows[i] = Measure(compiler, tools, work[i].Kernel, work[i].Architecture, place));
            AnsiConsole.Write(Report(rows));
            return 0;
        }
        catch (AggregateException e) when (e.InnerException is InvalidDataException { } failure)
        {
            Console.Error.WriteLine(failure.Message);
            return 1;
        }
        finally
        {
            if (folder is null) place.Delete(recursive: true);
        }
    }

    /// <summary>
    /// A kernel as it is launched, which carries no limit, beside the same limited to its group, and where less than two groups fit a
    /// multiprocessor, so that two do.
    /// </summary>
    private static Row Measure(PtxCompiler compiler, CudaTools tools, CatalogKernel kernel, string architecture, DirectoryInfo folder)
    {
        SassReport launched = Of("launched", KernelSpecialization.Empty);
        if (kernel.Group == 0) return new Row(kernel, architecture, launched, null, null);
        return new Row(
            kernel, architecture, launched, Of("limited", new KernelSpecialization(kernel.Group, null)),
            launched.Groups(kernel.Group) < 2 ? Of("twice", new KernelSpecialization(kernel.Group, 2)) : null);

        SassReport Of(string kind, KernelSpecialization limits)
        {
            string name = string.Concat(kernel.Name.Select(letter => char.IsLetterOrDigit(letter) ? letter : '-'));
            string file = Path.Join(folder.FullName, $"{name}.{architecture}.{kind}.ptx");
            File.WriteAllText(file, compiler.Compile(kernel, limits));
            return tools.Assemble(file, architecture);
        }
    }

    private static Table Report(Row[] rows)
    {
        Table table = new Table()
            .AddColumns("kernel", "for", "group", "registers", "limited", "two groups", "spills", "stack", "shared", "loop", "FMA", "HMMA")
            .RightAligned(2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        foreach (Row row in rows)
        {
            SassReport launched = row.Launched;
            table.AddRow(
                Markup.Escape(row.Kernel.Name), row.Architecture, row.Kernel.Group == 0 ? "" : $"{row.Kernel.Group}",
                Registers(launched), Registers(row.Limited), Registers(row.Twice), $"{launched.SpillStores}/{launched.SpillLoads}",
                $"{launched.Stack}", $"{launched.SharedMemory}", $"{launched.Loop?.Instructions}",
                Share(launched.Loop, loop => loop.MultiplyAdds), Share(launched.Loop, loop => loop.TensorProducts));
        }

        return table;

        static string Registers(SassReport? report) =>
            report is null ? "" : report.SpillStores > 0 ? $"{report.Registers} + {report.SpillStores} B" : $"{report.Registers}";

        static string Share(SassLoop? loop, Func<SassLoop, int> count) =>
            loop is null || count(loop) == 0 ? "" : $"{100.0 * count(loop) / loop.Instructions:F0} %";
    }

    /// <summary>A line of the table.</summary>
    private sealed record Row(CatalogKernel Kernel, string Architecture, SassReport Launched, SassReport? Limited, SassReport? Twice);
}
