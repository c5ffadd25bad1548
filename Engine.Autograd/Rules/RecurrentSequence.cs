using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.Recurrent;

namespace Engine.Autograd.Rules;

/// <summary>
/// A recurrent layer over whole sequences as one operation: forward it walks over the steps and keeps what the backward pass needs;
/// backward through time it computes the gradients of all of its arguments in one walk, of which the small ones wait for their rules. Where
/// a graph of the gradient is wanted, the layer is computed again in differentiable operations, and these are differentiated.
/// </summary>
internal abstract class RecurrentSequence
{
    private readonly Tensor?[] _arguments;
    private readonly WaitingGradient?[] _waiting;

    /// <summary>Prepares the operation.</summary>
    /// <param name="operation">Its name.</param>
    /// <param name="shape">Its extents.</param>
    /// <param name="gates">How many gates a cell has.</param>
    /// <param name="arguments">What the inputs add to the gates, the weight, and what else there is, or null where it is not there.</param>
    private protected RecurrentSequence(string operation, RecurrentShape shape, int gates, params ReadOnlySpan<Tensor?> arguments)
    {
        (Shape, _arguments) = (shape, arguments.ToArray());
        Tape = Tape.OpenFloating(operation, _arguments);
        Product = new RecurrentProduct(shape, _arguments[1]!, gates);
        Output = Tape.NewTensor(Input.Shape.With(-1, shape.Hidden), Input.DType);
        _waiting = new WaitingGradient?[_arguments.Length];
        if (!Tape.IsRecording) return;
        for (int i = 1; i < _arguments.Length; i++)
            if (_arguments[i] is { } argument) _waiting[i] = new WaitingGradient(Tape.NewTensor(argument.Shape, argument.DType));
    }

    /// <summary>The states after every step.</summary>
    internal Tensor Output { get; }

    private protected RecurrentShape Shape { get; }

    private protected RecurrentProduct Product { get; }

    private protected Tape Tape { get; }

    private protected Tensor Input => _arguments[0]!;

    /// <summary>The walk backward through time.</summary>
    /// <param name="result">Which result of the operation it starts from.</param>
    /// <param name="g">The gradient of that result.</param>
    /// <param name="inputGradient">Receives the gradient of the first argument.</param>
    /// <param name="others">Receive the gradients of the other arguments, where they are not null.</param>
    private protected abstract void Backward(Tensor result, Tensor g, Storage inputGradient, Storage?[] others);

    /// <summary>A result of the operation in differentiable operations.</summary>
    private protected abstract Tensor Composed(Tensor result, Tensor?[] arguments);

    /// <summary>Records a result.</summary>
    private protected void Record(string operation, Tensor result)
    {
        List<Rule> rules = [];
        for (int i = 0; i < _arguments.Length; i++)
        {
            int place = i;
            if (_arguments[i] is { } argument)
                rules.Add(new Rule(argument, g => Tape.IsRecordingNow ? OfComposed(result, g, place) : place == 0 ? OfInput(result, g)
                    : OfOther(result, g, place)));
        }

        Tape.Record(operation, result, rules.ToArray());
    }

    /// <summary>Memory for the time of a walk.</summary>
    private protected Storage Scratch(long length) => Tape.Device.Allocate(Input.DType, checked((int)length));

    private protected static void FillFrom(Storage target, Tensor? source)
    {
        if (source is null) Move.Fill(target, 0);
        else Move.Copy(source.Storage, target);
    }

    private Tensor OfInput(Tensor result, Tensor g)
    {
        Tensor gradient = Tape.Open("Gradients").NewTensor(Input.Shape, Input.DType);
        Storage?[] others = new Storage?[_arguments.Length];
        for (int i = 1; i < others.Length; i++)
            if (_arguments[i] is { } argument && Tape.NeedsGradient(argument)) others[i] = _waiting[i]!.Storage;
        Backward(result, g, gradient.Storage, others);
        for (int i = 1; i < others.Length; i++)
            if (others[i] is not null) _waiting[i]!.Set(g);
        return gradient;
    }

    private Tensor OfOther(Tensor result, Tensor g, int place)
    {
        if (!_waiting[place]!.BelongsTo(g)) OfInput(result, g);
        return _waiting[place]!.Copy();
    }

    // Arguments under other names, so that what one of them depends on through another is left out.
    private Tensor OfComposed(Tensor result, Tensor g, int place)
    {
        Tensor?[] arguments = Array.ConvertAll(_arguments, argument => argument?.Reshape(argument.Shape));
        return Tape.Open("Gradients").Gradients(Composed(result, arguments), g, [arguments[place]!], createGraph: true)[0];
    }
}
