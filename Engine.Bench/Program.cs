using System.CommandLine;
using Engine.Bench.Commands;
using Spectre.Console;

// Tables keep their lines whole where the output is not a terminal.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;

RootCommand root = new("Measures the engine: this machine's ceilings, the kernels, matrix products and training steps beside PyTorch's.")
{
    CeilingsCommand.Create(),
    KernelsCommand.Create(),
    PairCommand.Create(),
    MatMulCommand.Create(),
    GpuCommand.Create(),
    StepsCommand.Create(),
    CacheCommand.Create(),
    SassCommand.Create(),
    ServeCommand.Create(),
};

return root.Parse(args).Invoke();
