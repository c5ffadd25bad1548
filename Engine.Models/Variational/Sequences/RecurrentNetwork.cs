using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Text;

namespace Engine.Models.Variational.Sequences;

/// <summary>
/// Recurrent layers as a <see cref="CausalNetwork"/>. The state before the first step is tanh of a linear map of z, and z stands beside the
/// input of every step, so that it is not forgotten on the way.
/// </summary>
public sealed class RecurrentNetwork : CausalNetwork
{
    private readonly Gru? _gru;
    private readonly Lstm? _lstm;
    private readonly Linear? _initial;
    private readonly int _layers;

    /// <summary>Creates the layers.</summary>
    /// <param name="cell">What they are made of.</param>
    /// <param name="inputs">Features of a step; at least 1.</param>
    /// <param name="hidden">Features of a state; at least 1.</param>
    /// <param name="latent">Dimensions of z; 0 for none.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="layers">How many; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public RecurrentNetwork(RecurrentCell cell, int inputs, int hidden, int latent, ModuleOptions options, int layers = 1)
        : base(hidden, latent)
    {
        _layers = layers;
        if (cell == RecurrentCell.Lstm) _lstm = AddModule("lstm", new Lstm(inputs + latent, hidden, options, layers));
        else _gru = AddModule("gru", new Gru(inputs + latent, hidden, options, layers));
        if (latent > 0) _initial = AddModule("initial", new Linear(latent, States * layers * hidden, options));
    }

    // An LSTM has a hidden state and a cell, a GRU the first alone.
    private int States => _lstm is null ? 1 : 2;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, Tensor? z)
    {
        ArgumentNullException.ThrowIfNull(x);
        Check(z, x.Shape[0]);
        Tensor[]? state = Initial(z);
        return Run(x, z, ref state);
    }

    internal override ICausalSteps Begin(Tensor? z, int batch)
    {
        Check(z, batch);
        return new Steps(this, z);
    }

    private Tensor Run(Tensor x, Tensor? z, ref Tensor[]? state)
    {
        (int batch, int steps) = (x.Shape[0], x.Shape[1]);
        if (z is not null) x = Tensor.Concat(-1, x, z.Reshape(batch, 1, Latent).BroadcastTo([batch, steps, Latent]));
        Tensor y;
        if (_lstm is not null)
        {
            y = _lstm.Forward(x, state is null ? null : new LstmState(state[0], state[1]), out LstmState last);
            state = [last.Hidden, last.Cell];
        }
        else
        {
            y = _gru!.Forward(x, state?[0], out Tensor last);
            state = [last];
        }

        return y;
    }

    // tanh(z W + b), cut into the states of the layers: [layers, batch, hidden] each.
    private Tensor[]? Initial(Tensor? z)
    {
        if (z is null) return null;
        Tensor all = _initial!.Forward(z).Tanh().Reshape(z.Shape[0], States * _layers, Features).Permute(1, 0, 2);
        return [.. Enumerable.Range(0, States).Select(i => all.Slice(0, i * _layers, _layers))];
    }

    private sealed class Steps(RecurrentNetwork network, Tensor? z) : ICausalSteps
    {
        private Tensor[]? _state = network.Initial(z);

        public Tensor Next(Tensor x) => network.Run(x, z, ref _state);

        public void Dispose()
        {
        }
    }
}
