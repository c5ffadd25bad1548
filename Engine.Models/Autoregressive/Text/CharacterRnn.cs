using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Pixels;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// A recurrent network that reads a text character by character and says which comes next: an embedding, layers of LSTM or GRU, and logits
/// for the characters (Graves 2013, arXiv:1308.0850).
/// </summary>
public sealed class CharacterRnn : Module
{
    private readonly Embedding _embedding;
    private readonly Lstm? _lstm;
    private readonly Gru? _gru;
    private readonly Dropout? _dropout;
    private readonly Linear _output;

    /// <summary>Creates the model.</summary>
    /// <param name="characters">How many characters there are.</param>
    /// <param name="hidden">Features of a state; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="layers">Recurrent layers; at least 1.</param>
    /// <param name="cell">What they are made of.</param>
    /// <param name="dropout">The share of each layer's outputs that is dropped while training.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public CharacterRnn(int characters, int hidden, ModuleOptions options, int layers = 2, RecurrentCell cell = RecurrentCell.Lstm,
        double dropout = 0)
    {
        (Characters, Hidden, Layers) = (characters, hidden, layers);
        _embedding = AddModule("embedding", new Embedding(characters, hidden, options, Initializers.Normal(0, 0.1)));
        if (cell == RecurrentCell.Lstm) _lstm = AddModule("lstm", new Lstm(hidden, hidden, options, layers, dropout));
        else _gru = AddModule("gru", new Gru(hidden, hidden, options, layers, dropout));
        if (dropout != 0) _dropout = AddModule("dropout", new Dropout(dropout, options));
        _output = AddModule("output", new Linear(hidden, characters, options));
    }

    /// <summary>How many characters there are.</summary>
    public int Characters { get; }

    /// <summary>Features of a state.</summary>
    public int Hidden { get; }

    /// <summary>Recurrent layers.</summary>
    public int Layers { get; }

    /// <summary>What the layers are made of.</summary>
    public RecurrentCell Cell => _lstm is null ? RecurrentCell.Gru : RecurrentCell.Lstm;

    /// <summary>A state of zeros, to carry on from one piece of a text to the next.</summary>
    /// <param name="batch">How many texts are read side by side.</param>
    public CarriedState NewState(int batch) =>
        new([Layers, batch, Hidden], _lstm is null ? 1 : 2, Parameters[0].Device, Parameters[0].DType);

    /// <summary>The logits of the character after each: [batch, steps, characters] for int32 [batch, steps].</summary>
    public override Tensor Forward(Tensor tokens) => Forward(tokens, null, out _);

    /// <summary>Likewise, from the state after what was read before.</summary>
    /// <param name="tokens">Characters, int32 [batch, steps].</param>
    /// <param name="before">The state; null where nothing was read before.</param>
    /// <param name="after">The states after the last character, for <see cref="CarriedState.Store"/>.</param>
    /// <exception cref="ArgumentException">A shape or a type does not fit.</exception>
    public Tensor Forward(Tensor tokens, CarriedState? before, out Tensor[] after)
    {
        Tensor x = _embedding.Forward(tokens);
        if (_lstm is not null)
        {
            x = _lstm.Forward(x, before is null ? null : new LstmState(before[0], before[1]), out LstmState last);
            after = [last.Hidden, last.Cell];
        }
        else
        {
            x = _gru!.Forward(x, before?[0], out Tensor last);
            after = [last];
        }

        return _output.Forward(_dropout is null ? x : _dropout.Forward(x));
    }

    /// <summary>Writes on, character by character.</summary>
    /// <param name="prompt">What comes before; at least one character.</param>
    /// <param name="count">Characters to write.</param>
    /// <param name="sampling">How they are drawn.</param>
    /// <param name="random">The source of randomness.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each character.</param>
    /// <returns>The characters after the prompt.</returns>
    /// <exception cref="ArgumentException">The prompt is empty.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public int[] Sample(
        ReadOnlySpan<int> prompt, int count, TokenSampling sampling, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (prompt.IsEmpty) throw new ArgumentException("Sample: the prompt needs at least one character, found none.");
        float[] chances = PixelModels.Chances(count, random, Parameters[0].Device);
        int[] written = new int[count], read = prompt.ToArray();
        using CarriedState state = NewState(1);
        using IDisposable evaluation = Evaluating();
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor logits = Forward(Tensor.From(read, [1, read.Length]), state, out Tensor[] after);
            state.Store(after);
            written[i] = sampling.Draw(logits.Slice(1, read.Length - 1, 1).Cast(DType.Float32).ToArray(), chances[i]);
            read = [written[i]];
        }

        return written;
    }
}

/// <summary>Which recurrent layers a model has.</summary>
public enum RecurrentCell
{
    /// <summary>Long short-term memory.</summary>
    Lstm,

    /// <summary>Gated recurrent units.</summary>
    Gru,
}
