using System.Runtime.InteropServices;

namespace Engine.Tests.Operations;

public sealed class OperationThreadTests
{
    public static TheoryData<string> All => OperationRegistry.Names(_ => true);

    [Theory]
    [MemberData(nameof(All))]
    public void The_number_of_threads_changes_no_bit(string name)
    {
        OperationCase c = OperationRegistry.Find(name);
        double[][]? first = null;
        foreach (CpuDevice host in OperationDevices.Hosts)
        {
            double[][] results = [c.Forward(host, DType.Float32).Values, .. c.HasGradient
                ? c.Gradients(host, DType.Float32, createGraph: false) : []];
            first ??= results;
            for (int i = 0; i < results.Length; i++)
            {
                Assert.True(
                    MemoryMarshal.AsBytes<double>(first[i]).SequenceEqual(MemoryMarshal.AsBytes<double>(results[i])),
                    $"{name}: {(i == 0 ? "the result" : $"gradient {i - 1}")} with {host.Threads} threads differs from that with one");
            }
        }
    }
}
