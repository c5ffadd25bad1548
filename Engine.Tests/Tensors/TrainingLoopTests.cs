namespace Engine.Tests.Tensors;

public sealed class TrainingLoopTests
{
    [Fact]
    public void Two_hundred_steps_give_the_same_bits_with_one_and_two_threads_and_again()
    {
        float[] one = Train(1);
        Assert.DoesNotContain(one, float.IsNaN);
        Assert.Equal(one, Train(2));
        Assert.Equal(one, Train(1));

        static float[] Train(int threads)
        {
            using CpuDevice cpu = new(threads);
            using Loop loop = new(cpu, width: 96);
            double start = loop.Step();
            for (int i = 1; i < 200; i++) loop.Step();
            Assert.True(loop.Step() < start / 2, "the loss does not fall");
            return loop.Parameters();
        }
    }

    [Fact]
    public void Memory_in_use_after_a_thousand_steps_is_that_after_ten()
    {
        using CpuDevice cpu = new(1);
        using Loop loop = new(cpu, width: 16);
        for (int i = 0; i < 10; i++) loop.Step();
        (long inUse, long kept) = (cpu.MemoryInUse, cpu.MemoryKept);
        for (int i = 10; i < 1000; i++) loop.Step();
        Assert.Equal((inUse, kept), (cpu.MemoryInUse, cpu.MemoryKept));
    }

    [Fact]
    public void A_step_allocates_on_the_managed_heap_nothing_that_grows_with_the_model()
    {
        long narrow = PerStep(32);
        long wide = PerStep(512);
        Assert.InRange(wide, narrow - 512, narrow + 512);

        static long PerStep(int width)
        {
            using CpuDevice cpu = new(1);
            using Loop loop = new(cpu, width);
            for (int i = 0; i < 5; i++) loop.Step();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++) loop.Step();
            return (GC.GetAllocatedBytesForCurrentThread() - before) / 10;
        }
    }

    /// <summary>A small regression: two hidden layers with dropout, Adam.</summary>
    private sealed class Loop : IDisposable
    {
        private const int Batch = 64;

        private readonly CpuDevice _cpu;
        private readonly RandomStream _random;
        private readonly Sequential _model;
        private readonly Adam _adam;

        internal Loop(CpuDevice cpu, int width)
        {
            ModuleOptions options = ModuleOptions.FromSeed(42, cpu);
            (_cpu, _random) = (cpu, options.Random.Split("data"));
            _model = new(
                new Linear(8, width, options), new LeakyRelu(0.2), new Dropout(0.1, options), new Linear(width, width, options), new Tanh(),
                new Linear(width, 1, options));
            _adam = new(_model.Parameters, 3e-3);
        }

        /// <summary>One step; returns the loss.</summary>
        internal double Step()
        {
            using Tape tape = new(_cpu);
            Tensor x = Tensor.Uniform([Batch, 8], _random, -1, 1);
            Tensor target = (x * 2).Sin().Mean(-1).Reshape(Batch, 1);
            Tensor loss = Loss.MeanSquaredError(_model.Forward(x), target);
            _adam.Step(tape.Gradients(loss, _model.Parameters));
            return loss.Item();
        }

        internal float[] Parameters() => [.. _model.Parameters.SelectMany(parameter => parameter.ToArray())];

        public void Dispose()
        {
            _adam.Dispose();
            _model.Dispose();
        }
    }
}
