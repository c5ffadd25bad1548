namespace Engine.Tests.Devices;

public sealed class WorkerThreadsTests
{
    [Theory, Values(1, 2, 5)]
    public void Every_chunk_runs_once(int threads)
    {
        using WorkerThreads workers = new(threads);
        for (int round = 0; round < 2000; round++)
        {
            int[] counts = new int[1 + (round % 37)];
            Count(workers, counts);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Sleeping_workers_wake()
    {
        using WorkerThreads workers = new(3);
        for (int round = 0; round < 20; round++)
        {
            int[] counts = new int[64];
            Count(workers, counts);
            Assert.Equal(64, counts.Sum());
            Thread.Sleep(2);
        }
    }

    [Fact]
    public void Workers_are_called_once_and_sleep_again()
    {
        using WorkerThreads workers = new(3);
        int[] counts = new int[4];
        for (int round = 0; round < 50; round++)
        {
            // The first launch finds the workers asleep; those after it come before the system has run the workers that were called.
            Assert.True(SpinWait.SpinUntil(() => workers.Sleeping == 2, TimeSpan.FromSeconds(10)));
            for (int launch = 0; launch < 100; launch++)
            {
                Count(workers, counts);
                Assert.InRange(workers.Calls, 0, 2);
            }
        }

        Assert.Equal(50 * 100 * 4, counts.Sum());
        Assert.True(SpinWait.SpinUntil(() => workers.Sleeping == 2, TimeSpan.FromSeconds(10)));
        Assert.Equal(0, workers.Calls);
    }

    [Fact]
    public void Workers_end_whether_they_sleep_or_watch()
    {
        for (int round = 0; round < 200; round++)
        {
            WorkerThreads workers = new(4);
            int[] counts = new int[8];
            if (round % 2 == 0) Count(workers, counts);
            if (round % 3 == 0) Thread.SpinWait(round * 500);
            workers.Dispose();
        }
    }

    [Fact]
    public void An_exception_of_a_chunk_reaches_the_caller()
    {
        using WorkerThreads workers = new(2);
        ThrowingJob job = default;
        RefusedExactly<InvalidDataException>("chunk 7", () => workers.Run(ref job, 20));
        int[] counts = new int[8];
        Count(workers, counts);
        Assert.Equal(8, counts.Sum());
    }

    [Fact]
    public void Many_threads_may_launch_at_once()
    {
        using WorkerThreads workers = new(2);
        int total = 0;
        Parallel.For(0, 8, _ =>
        {
            for (int round = 0; round < 500; round++)
            {
                int[] counts = new int[9];
                Count(workers, counts);
                Interlocked.Add(ref total, counts.Sum());
            }
        });
        Assert.Equal(8 * 500 * 9, total);
    }

    [Fact]
    public void A_job_may_launch_another()
    {
        using WorkerThreads workers = new(2);
        int[] counts = new int[6 * 10];
        OuterJob job = new(workers, counts);
        workers.Run(ref job, 6);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    private static void Count(WorkerThreads workers, int[] counts)
    {
        CountJob job = new(counts);
        workers.Run(ref job, counts.Length);
    }

    private readonly struct CountJob(int[] counts, int offset = 0) : IJob
    {
        public void Run(int chunk) => Interlocked.Increment(ref counts[offset + chunk]);
    }

    private readonly struct ThrowingJob : IJob
    {
        public void Run(int chunk)
        {
            if (chunk == 7) throw new InvalidDataException("chunk 7");
        }
    }

    private readonly struct OuterJob(WorkerThreads workers, int[] counts) : IJob
    {
        public void Run(int chunk)
        {
            CountJob inner = new(counts, chunk * 10);
            workers.Run(ref inner, 10);
        }
    }
}
