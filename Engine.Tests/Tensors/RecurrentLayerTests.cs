namespace Engine.Tests.Tensors;

/// <summary>LSTM and GRU layers, held against the equations in PyTorch's documentation, a number at a time.</summary>
public sealed class RecurrentLayerTests : IsolatedTests
{
    private const int Inputs = 3, Hidden = 5, Layers = 2, Batch = 2, Steps = 4;

    [Theory, Values(false, true)]
    public void An_lstm_of_two_layers_computes_the_equations_of_pytorch(bool hasState)
    {
        using Lstm lstm = new(Inputs, Hidden, Float64(), Layers);
        double[] x = Numbers(Batch * Steps * Inputs, 1),
            h = hasState ? Numbers(Layers * Batch * Hidden, 2) : new double[Layers * Batch * Hidden];
        double[] c = hasState ? Numbers(Layers * Batch * Hidden, 3) : new double[h.Length];
        using Tape tape = new(Cpu, record: false);
        LstmState? initial = hasState ? new LstmState(Tensor.From(h, [Layers, Batch, Hidden]), Tensor.From(c, [Layers, Batch, Hidden]))
            : null;
        Tensor y = lstm.Forward(Tensor.From(x, [Batch, Steps, Inputs]), initial, out LstmState last);

        double[] expected = Unrolled(x, h, (layer, state, input, hOf) =>
        {
            Span<double> cOf = c.AsSpan(state, Hidden);
            double[] a = Sum(Gates(lstm, $"weight_ih_l{layer}", $"bias_ih_l{layer}", input),
                Gates(lstm, $"weight_hh_l{layer}", $"bias_hh_l{layer}", hOf));
            double[] next = new double[Hidden];
            for (int k = 0; k < Hidden; k++)
            {
                double i = References.Sigmoid(a[k]), f = References.Sigmoid(a[Hidden + k]), g = Math.Tanh(a[(2 * Hidden) + k]),
                    o = References.Sigmoid(a[(3 * Hidden) + k]);
                cOf[k] = (f * cOf[k]) + (i * g);
                next[k] = o * Math.Tanh(cOf[k]);
            }

            return next;
        });
        Near(expected, y, 1e-14);
        Near(h, last.Hidden, 1e-14);
        Near(c, last.Cell, 1e-14);
    }

    [Theory, Values(false, true)]
    public void A_gru_of_two_layers_computes_the_equations_of_pytorch(bool hasState)
    {
        using Gru gru = new(Inputs, Hidden, Float64(), Layers);
        double[] x = Numbers(Batch * Steps * Inputs, 1),
            h = hasState ? Numbers(Layers * Batch * Hidden, 2) : new double[Layers * Batch * Hidden];
        using Tape tape = new(Cpu, record: false);
        Tensor y = gru.Forward(Tensor.From(x, [Batch, Steps, Inputs]), hasState ? Tensor.From(h, [Layers, Batch, Hidden]) : null,
            out Tensor last);

        double[] expected = Unrolled(x, h, (layer, _, input, hOf) =>
        {
            double[] i = Gates(gru, $"weight_ih_l{layer}", $"bias_ih_l{layer}", input),
                p = Gates(gru, $"weight_hh_l{layer}", $"bias_hh_l{layer}", hOf);
            double[] next = new double[Hidden];
            for (int k = 0; k < Hidden; k++)
            {
                double r = References.Sigmoid(i[k] + p[k]), z = References.Sigmoid(i[Hidden + k] + p[Hidden + k]);
                double n = Math.Tanh(i[(2 * Hidden) + k] + (r * p[(2 * Hidden) + k]));
                next[k] = ((1 - z) * n) + (z * hOf[k]);
            }

            return next;
        });
        Near(expected, y, 1e-14);
        Near(h, last, 1e-14);
    }

    [Fact]
    public void A_sequence_in_pieces_with_its_state_carried_on_is_the_sequence_as_a_whole()
    {
        using Lstm lstm = new(Inputs, Hidden, Float64(), Layers);
        using Gru gru = new(Inputs, Hidden, Float64(), Layers);
        using CarriedState ofLstm = new([Layers, Batch, Hidden], 2, Cpu, DType.Float64),
            ofGru = new([Layers, Batch, Hidden], 1, Cpu, DType.Float64);
        double[] x = Numbers(Batch * Steps * Inputs, 1);
        using Tape whole = new(Cpu, record: false);
        Tensor all = Tensor.From(x, [Batch, Steps, Inputs]);
        double[] expectedLstm = lstm.Forward(all).ToDoubles(), expectedGru = gru.Forward(all).ToDoubles();
        long before = Cpu.MemoryInUse;
        for (int t = 0; t < Steps; t += 2)
        {
            using Tape tape = new(Cpu, record: false);
            Tensor piece = all.Slice(1, t, 2), y = lstm.Forward(piece, new LstmState(ofLstm[0], ofLstm[1]), out LstmState last),
                z = gru.Forward(piece, ofGru[0], out Tensor lastOfGru);
            ofLstm.Store(last.Hidden, last.Cell);
            ofGru.Store(lastOfGru);
            double[] gotLstm = y.ToDoubles(), gotGru = z.ToDoubles();
            for (int b = 0; b < Batch; b++)
            {
                for (int k = 0; k < 2 * Hidden; k++)
                {
                    Assert.Equal(expectedLstm[(((b * Steps) + t) * Hidden) + k], gotLstm[(b * 2 * Hidden) + k], 1e-14);
                    Assert.Equal(expectedGru[(((b * Steps) + t) * Hidden) + k], gotGru[(b * 2 * Hidden) + k], 1e-14);
                }
            }
        }

        Assert.Equal(before, Cpu.MemoryInUse);
        ofGru.Clear();
        Assert.All(ofGru[0].ToDoubles(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Gradients_flow_back_through_the_state_unless_it_is_detached()
    {
        using Lstm lstm = new(Inputs, Hidden, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Normal([Batch, Steps, Inputs], new RandomStream(1)));
        lstm.Forward(x, null, out LstmState first);
        Tensor further = lstm.Forward(Tensor.Normal([Batch, Steps, Inputs], new RandomStream(2)), first, out _).Sum();
        Assert.Contains(tape.Gradient(further, x).ToArray(), value => value != 0);
        Tensor cut = lstm.Forward(
            Tensor.Normal([Batch, Steps, Inputs], new RandomStream(2)), new LstmState(first.Hidden.Detach(), first.Cell.Detach()), out _)
                .Sum();
        Assert.All(tape.Gradient(cut, x).ToArray(), value => Assert.Equal(0, value));
        Assert.Equal(further.Item(), cut.Item());
    }

    [Fact]
    public void Storing_the_next_state_before_the_gradients_are_taken_changes_none_of_them()
    {
        using Gru gru = new(Inputs, Hidden, ModuleOptions.FromSeed(1, Cpu));
        using CarriedState carried = new([1, Batch, Hidden], 1, Cpu);
        float[][] Gradients(bool storesFirst)
        {
            using Tape tape = new(Cpu);
            carried.Store(Tensor.Ones([1, Batch, Hidden]));
            Tensor y = gru.Forward(Tensor.Ones([Batch, Steps, Inputs]), carried[0], out Tensor last);
            if (storesFirst) carried.Store(last);
            return Array.ConvertAll(tape.Gradients(y.Sum(), gru.Parameters), gradient => gradient.ToArray());
        }

        Assert.Equal(Gradients(false), Gradients(true));
    }

    [Fact]
    public void Weights_have_the_names_and_axes_of_pytorch_in_a_file()
    {
        string path = Folder["lstm.safetensors"];
        using Lstm lstm = new(Inputs, Hidden, ModuleOptions.FromSeed(1, Cpu), Layers),
            other = new(Inputs, Hidden, ModuleOptions.FromSeed(2, Cpu), Layers);
        lstm.SaveSafetensors(path, WeightLayout.PyTorch);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            Assert.Equal([4 * Hidden, Inputs], file.Find("weight_ih_l0").Extents);
            Assert.Equal([4 * Hidden, Hidden], file.Find("weight_ih_l1").Extents);
            Assert.Equal([4 * Hidden, Hidden], file.Find("weight_hh_l1").Extents);
            Assert.Equal([4 * Hidden], file.Find("bias_hh_l0").Extents);
            other.LoadSafetensors(file, WeightLayout.PyTorch);
        }

        foreach ((Parameter a, Parameter b) in lstm.Parameters.Zip(other.Parameters)) Assert.Equal(a.ToArray(), b.ToArray());
    }

    [Fact]
    public void Dropout_stands_between_layers_and_in_training_alone()
    {
        using Gru gru = new(Inputs, Hidden, ModuleOptions.FromSeed(1, Cpu), Layers, dropout: 0.5);
        using Tape tape = new(Cpu, record: false);
        Tensor x = Tensor.Ones([Batch, Steps, Inputs]);
        Assert.NotEqual(gru.Forward(x).ToArray(), gru.Forward(x).ToArray());
        gru.Eval();
        Assert.Equal(gru.Forward(x).ToArray(), gru.Forward(x).ToArray());
    }

    [Fact]
    public void What_does_not_fit_says_what_was_expected()
    {
        using Lstm lstm = new(Inputs, Hidden, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        Refused("Lstm: expected [batch, steps, 3]", () => lstm.Forward(Tensor.Ones([2, 4, 5])));
        LstmState wrong = new(Tensor.Ones([1, 3, Hidden]), Tensor.Ones([1, 2, Hidden]));
        Refused("expected a state [1, 2, 5], [layers, batch, hidden], found [1, 3, 5]",
            () => lstm.Forward(Tensor.Ones([2, 4, 3]), wrong, out _));
        Refused("Gru: expected [batch, steps, 3 hidden]", () => Tensor.Ones([2, 4, 8]).Gru(Tensor.Ones([2, 8])));
        Refused("RowLstm: expected", () => Tensor.Ones([2, 3, 3, 8]).RowLstm(Tensor.Ones([1, 2, 2, 8]), null, null, out _));
        using CarriedState carried = new([1, 2, 3], 2, Cpu);
        Refused("expected 2 states, found 1", () => carried.Store(Tensor.Ones([1, 2, 3])));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Gru(1, 0, ModuleOptions.FromSeed(1, Cpu)));
    }

    /// <summary>The next hidden state of a layer, from its input and its state, which begins at a place among those of all.</summary>
    private delegate double[] Cell(int layer, int state, double[] input, double[] hidden);

    /// <summary>The last layer's states at every step; those that the sequence ends with take the place of the first ones.</summary>
    private static double[] Unrolled(double[] x, double[] states, Cell cell)
    {
        double[] last = new double[Batch * Steps * Hidden];
        for (int b = 0; b < Batch; b++)
        {
            double[][] input = [.. x[(b * Steps * Inputs)..((b + 1) * Steps * Inputs)].Chunk(Inputs)];
            for (int layer = 0; layer < Layers; layer++)
            {
                int state = ((layer * Batch) + b) * Hidden;
                for (int t = 0; t < Steps; t++)
                {
                    input[t] = cell(layer, state, input[t], states[state..(state + Hidden)]);
                    input[t].CopyTo(states, state);
                    if (layer == Layers - 1) input[t].CopyTo(last, ((b * Steps) + t) * Hidden);
                }
            }
        }

        return last;
    }

    private ModuleOptions Float64() => ModuleOptions.FromSeed(4, Cpu) with { DType = DType.Float64 };

    private static double[] Numbers(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextDouble()) - 1)];
    }

    private static double[] Gates(Module module, string weight, string bias, ReadOnlySpan<double> x)
    {
        Dictionary<string, Parameter> parameters = module.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter);
        double[] w = parameters[weight].ToDoubles(), sums = parameters[bias].ToDoubles();
        for (int j = 0; j < x.Length; j++)
            for (int k = 0; k < sums.Length; k++) sums[k] += x[j] * w[(j * sums.Length) + k];
        return sums;
    }

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
