using Engine.Models.Comparison;

namespace Engine.Tests.Cancellation;

/// <summary>Sampling and measuring that is cancelled ends at its next pass, leaves nothing behind, and costs no bit otherwise.</summary>
public sealed class CancellationTests : IsolatedTests
{
    public static TheoryData<string> Works => new(CancellableWork.All.Keys);

    [Theory, MemberData(nameof(Works))]
    public void What_is_cancelled_ends_before_its_next_pass_and_gives_its_memory_back(string name)
    {
        int passes = 0, last = int.MaxValue;
        using CancellationTokenSource never = new(), inFirst = new(), meanwhile = new();
        CancellableWork work = CancellableWork.All[name](Cpu, () =>
        {
            if (++passes == last) inFirst.Cancel();
        });
        using IDisposable? model = work.Model;
        double[] result = [.. work.Run(CancellationToken.None)];
        Assert.NotEmpty(result);
        Assert.Equal(result, work.Run(never.Token));

        long memory = Cpu.MemoryInUse;
        int all = passes / 2;
        passes = 0;
        Assert.Throws<OperationCanceledException>(() => work.Run(new CancellationToken(canceled: true)).ToArray());
        Assert.Equal((0, memory), (passes, Cpu.MemoryInUse));

        // Cancelled in its first pass: it is the only one.
        if (all > 0)
        {
            Assert.True(all > 1, "one pass alone shows nothing");
            last = 1;
            Assert.Throws<OperationCanceledException>(() => work.Run(inFirst.Token).ToArray());
            Assert.Equal((1, memory), (passes, Cpu.MemoryInUse));
        }

        // Cancelled as soon as it holds memory: it would go on for longer than anybody waits.
        if (work.Endless is { } endless)
        {
            Thread watch = new(() =>
            {
                while (Cpu.MemoryInUse <= memory) Thread.Yield();
                meanwhile.Cancel();
            });
            watch.Start();
            Assert.Throws<OperationCanceledException>(() => endless(meanwhile.Token));
            watch.Join();
            Assert.Equal(memory, Cpu.MemoryInUse);
        }
    }

    [Fact]
    public void Contestants_pass_the_request_on()
    {
        CancellationToken cancelled = new(canceled: true);
        ImageDataset test = Datasets.Load("digits", new DataOptions { Count = 8, Seed = 1 });
        foreach (string name in Contestants.Names)
        {
            using Contestant model = Contestants.Make(name, 2, ModuleOptions.FromSeed(1, Cpu));
            long memory = Cpu.MemoryInUse;
            Assert.Throws<OperationCanceledException>(() => model.Sample(2, new RandomStream(1), cancelled));
            if (model.LikelihoodKind != "none") Assert.Throws<OperationCanceledException>(
                () => model.BitsPerDimension(test, new RandomStream(1), cancelled));
            if (name == "vae") Assert.Throws<OperationCanceledException>(() => model.Signs(test, cancelled).ToArray());
            Assert.Equal(memory, Cpu.MemoryInUse);
        }
    }
}
