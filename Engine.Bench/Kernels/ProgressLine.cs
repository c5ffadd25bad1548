using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Engine.Bench.Kernels;

/// <summary>Says on standard error which benchmark runs: minutes pass before the first table.</summary>
internal sealed class ProgressLine : EventProcessor
{
    public override void OnStartRunBenchmark(BenchmarkCase benchmarkCase) =>
        Console.Error.WriteLine($"{benchmarkCase.Descriptor.Type.Name} {benchmarkCase.Parameters.DisplayInfo}");
}
