using System.CommandLine;
using Engine.Bench.Commands;

RootCommand root = new("Measures the engine: this machine's ceilings, the kernels, matrix products and training steps beside PyTorch's.")
{
    CeilingsCommand.Create(),
    KernelsCommand.Create(),
};

return root.Parse(args).Invoke();
