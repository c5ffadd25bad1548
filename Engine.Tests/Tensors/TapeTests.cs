namespace Engine.Tests.Tensors;

public sealed class TapeTests : IsolatedTests
{
    [Fact]
    public void Closing_a_tape_gives_back_all_that_was_computed_on_it()
    {
        using Tensor weight = Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3], Cpu);
        long before = Cpu.MemoryInUse;
        foreach (bool createGraph in (bool[])[false, true])
        {
            using (Tape tape = new(Cpu))
            {
                tape.Watch(weight);
                Tensor x = Tensor.Ones([5, 2]);
                Tensor y = x.MatMul(weight).Tanh().Reshape(15).Softmax();
                Tensor gradient = tape.Gradient(y.Square().Sum(), weight, createGraph);
                if (createGraph) tape.Gradient(gradient.Square().Sum(), weight);
                Assert.True(Cpu.MemoryInUse > before);
            }

            Assert.Equal(before, Cpu.MemoryInUse);
        }
    }

    [Theory, Values(false, true)]
    public void An_activated_product_that_is_not_recorded_owns_its_memory_alone(bool record)
    {
        using Tensor x = Tensor.From([1f, -2, 3, 4], [1, 2, 2, 1], Cpu), weight = Tensor.From([-1f, 1], [1, 2], Cpu),
            kernel = Tensor.From([-1f, 1], [1, 1, 1, 2], Cpu), bias = Tensor.From([0.5f, 0], [2], Cpu);
        using Tape tape = new(Cpu, record);
        long before = Cpu.MemoryInUse;
        foreach (Tensor y in (Tensor[])[x.Linear(weight, bias, Activation.Relu), x.Conv2d(kernel, bias, default, Activation.Relu)])
        {
            float[] values = y.ToArray();
            using (Tensor kept = tape.Keep(y)) Assert.Same(y.Storage, kept.Storage);
            Assert.Equal([0, 1, 2.5f, 0, 0, 3, 0, 4], values);
            y.Dispose();
        }

        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.Equal(0, tape.OperationCount);
    }

    [Fact]
    public void What_was_recorded_can_be_walked_over()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Ones([2])), c = Tensor.Ones([2]);
        Tensor product = x * c, sum = (product + product).Sum();
        _ = c.Exp();
        RecordedOperation[] operations = [.. tape.Operations];
        Assert.Equal(["Multiply", "Add", "Sum"], operations.Select(operation => operation.Name));
        Assert.Equal([x, c], operations[0].Inputs);
        Assert.Equal([product, product], operations[1].Inputs);
        Assert.Same(operations[1].Output, operations[2].Inputs[0]);
        Assert.Same(sum, operations[2].Output);
        tape.Gradient(sum, x);
        Assert.Equal(operations.Length, tape.Operations.Count);
    }

    [Fact]
    public void What_a_failed_computation_left_goes_with_the_tape()
    {
        long before = Cpu.MemoryInUse;
        using (Tape tape = new(Cpu))
        {
            Tensor x = tape.Watch(Tensor.Ones([2, 3]));
            Assert.Throws<ArgumentException>(() => x.Exp() + Tensor.Ones([4]));
            Assert.Throws<InvalidOperationException>(
                () => tape.Gradient(tape.Record("Broken", x.Detach(), new Rule(x, g => g.Sum())).Sum(), x));

            // The failed gradient leaves the tape as it was: it still records.
            Assert.True(tape.IsRecording);
            Assert.Equal([1, 1, 1, 1, 1, 1], tape.Gradient(x.Sum(), x).ToArray());
        }

        Assert.Equal(before, Cpu.MemoryInUse);
    }

    [Fact]
    public void Gradients_without_a_graph_keep_no_more_memory_than_themselves()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Ones([64, 64]));
        Tensor y = x;
        for (int i = 0; i < 10; i++) y = y.Tanh();
        Tensor loss = y.Sum();
        long before = Cpu.MemoryInUse;
        tape.Gradient(loss, x);
        Assert.InRange(Cpu.MemoryInUse - before, 0, (64 * 64 * sizeof(float)) + 1024);
    }

    [Fact]
    public void Keep_takes_a_tensor_out_of_its_tape()
    {
        long before = Cpu.MemoryInUse;
        Tensor kept;
        using (Tape tape = new(Cpu))
        {
            Tensor x = tape.Watch(Tensor.From([1f, 2], [2]));
            kept = tape.Keep(x * 3);
            RefusedExactly("Keep: the tensor does not belong to this tape.", () => tape.Keep(kept));
        }

        Assert.Equal([3, 6], kept.ToArray());
        using (Tape tape = new(Cpu))
        {
            // It carries no graph, but can be watched.
            Tensor y = tape.Watch(kept).Square().Sum();
            Assert.Equal([6, 12], tape.Gradient(y, kept).ToArray());
        }

        kept.Dispose();
        Assert.Equal(before, Cpu.MemoryInUse);
    }

    [Fact]
    public void A_tensor_that_was_given_back_says_so()
    {
        Tensor result;
        using (new Tape(Cpu)) result = Tensor.Ones([1]).Exp();
        using Tape tape = new(Cpu);
        foreach (Action use in (
            Action[])[() => result.ToArray(), () => result.Exp(), () => _ = result + Tensor.Ones([1]), () => tape.Gradient(result, result)])
        {
            Refused<ObjectDisposedException>("Float32 [1] was released: a tape owns what is computed on it. Use Tape.Keep", use);
        }

        result.Dispose();
    }

    [Fact]
    public void An_operation_without_a_tape_says_how_to_open_one()
    {
        using Tensor x = Tensor.From([1f, 2, 3], [3], Cpu);
        using Tensor i = Tensor.From([1], [1], Cpu);
        foreach ((string name, Action operation) in ((string, Action)[])
        [
            ("Exp", () => x.Exp()), ("Add", () => _ = x + x), ("Multiply", () => _ = 2 * x), ("Sum", () => x.Sum()),
            ("Variance", () => x.Variance()), ("Reshape", () => x.Reshape(1, 3)),
            ("Gather", () => x.Gather(i)), ("Softmax", () => x.Softmax()), ("Cast", () => x.Cast(DType.Float64)),
            ("Detach", () => x.Detach()),
            ("BinaryCrossEntropy", () => Loss.BinaryCrossEntropy(x, x)), ("Reparameterize", () => Sampling.Reparameterize(x, x, x)),
            ("Concat", () => Tensor.Concat(0, x)),
        ])
        {
            string message = Assert.Throws<InvalidOperationException>(operation).Message;
            Assert.Equal($"{name}: no tape is open. Open one around the computation with 'using var tape = new Tape();' (or 'new "
                + "Tape(record: false)' for inference).", message);
        }
    }

    [Fact]
    public void A_nested_tape_owns_what_is_computed_while_it_is_open()
    {
        using Tape outer = new(Cpu);
        Tensor x = outer.Watch(Tensor.From([2f], [1]));
        Tensor y = x.Square();
        Tensor inside;
        using (Tape inner = new(record: false))
        {
            Assert.Same(inner, Tape.Current);
            Assert.Same(Cpu, inner.Device);
            inside = y * 3;
            Assert.Equal([12], inside.ToArray());
        }

        Assert.Same(outer, Tape.Current);
        Assert.Throws<ObjectDisposedException>(() => inside.ToArray());
        Assert.Equal([4], outer.Gradient(y.Sum(), x).ToArray());
    }

    [Fact]
    public void Tapes_close_in_the_reverse_of_the_order_in_which_they_were_opened()
    {
        Tape outer = new(Cpu);
        Tape inner = new();
        RefusedWith<InvalidOperationException>("Tapes close in the reverse", outer.Dispose);
        inner.Dispose();
        outer.Dispose();
        outer.Dispose();
        Assert.Null(Tape.Current);
        Assert.Throws<ObjectDisposedException>(() => outer.NewTensor([1], DType.Float32));
    }

    [Fact]
    public void Every_thread_has_a_tape_of_its_own()
    {
        using Tape tape = new(Cpu);
        Tape? seen = tape;
        Thread thread = new(() => seen = Tape.Current);
        thread.Start();
        thread.Join();
        Assert.Null(seen);
    }

    [Fact]
    public void A_tape_that_does_not_record_says_so()
    {
        using Tape tape = new(Cpu, record: false);
        Tensor x = tape.Watch(Tensor.Ones([2]));
        Tensor y = x.Exp().Sum();
        Assert.Equal(0, tape.OperationCount);
        Refused<InvalidOperationException>("carries no graph on this tape", () => tape.Gradient(y, x));
    }

    [Fact]
    public void Nothing_is_recorded_that_depends_on_no_parameter()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([2]);
        _ = x.Exp() * 3;
        Assert.Equal(0, tape.OperationCount);
        _ = tape.Watch(x).Exp();
        Assert.Equal(1, tape.OperationCount);
    }

    [Fact]
    public void A_result_cannot_be_watched()
    {
        using Tape tape = new(Cpu);
        Tensor y = tape.Watch(Tensor.Ones([2])).Exp();
        RefusedWith<InvalidOperationException>("Watch: the tensor is the result of a recorded operation", () => tape.Watch(y));
    }

    [Fact]
    public void A_tensor_cannot_be_made_on_another_device_than_the_tapes()
    {
        using CpuDevice other = new(1);
        using Tape tape = new(Cpu);
        Refused("Ones: expected the device of the open tape, 'cpu', found 'cpu', another of that name.",
            () => Tensor.Ones([2], device: other));
    }
}
