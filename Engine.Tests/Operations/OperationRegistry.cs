namespace Engine.Tests.Operations;

/// <summary>All cases of all operations. Whoever adds an operation adds cases here, and every check applies to it.</summary>
internal static class OperationRegistry
{
    private static readonly Dictionary<string, OperationCase> s_byName = new[]
    {
        ArithmeticCases.All, ElementaryCases.All, ReductionCases.All, OrderingCases.All, MoveCases.All, ProductCases.All,
        ReparameterizationCases.All, LossCases.All, RandomCases.All, NormCases.All, LikelihoodCases.All, PoolCases.All, ConvCases.All,
        RecurrentCases.All, GateCases.All, AttentionCases.All, BijectionCases.All,
    }.SelectMany(cases => cases()).ToDictionary(c => c.Name);

    internal static IReadOnlyCollection<OperationCase> Cases => s_byName.Values;

    internal static OperationCase Find(string name) => s_byName[name];

    /// <summary>The names of the cases that a check applies to.</summary>
    internal static TheoryData<string> Names(Func<OperationCase, bool> applies) => [.. Cases.Where(applies).Select(c => c.Name)];
}

/// <summary>The devices that operations are checked on.</summary>
internal static class OperationDevices
{
    /// <summary>The host with 1, 2 and 3 threads.</summary>
    internal static CpuDevice[] Hosts { get; } = [new(1), new(2), new(3)];

    internal static CpuDevice Cpu => Hosts[0];

    internal static Device Gpu => KernelDevice.Shared;
}
