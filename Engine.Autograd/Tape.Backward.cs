using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Devices;

namespace Engine.Autograd;

public sealed partial class Tape
{
    /// <summary>The backward pass that is running.</summary>
    private Backward? _running;

    /// <summary>For a rule: whether the running backward pass computes the gradient of another input of the graph, too.</summary>
    internal bool NeedsGradient(Tensor input) => _running is null || _running.IsNeeded(input);

    /// <summary>
    /// For a rule: whether nothing reads the gradient that it was passed after it, so that it may compute its result in place, as an
    /// <see cref="Alias"/>. True for the only rule of an operation whose output's gradient is not asked for.
    /// </summary>
    internal bool MayOverwrite(Tensor gradient) => _running is not null && _running.MayOverwrite(gradient);

    /// <summary>
    /// One backward pass: from the output towards the inputs, each operation's rules turn the gradient of its output into gradients of its
    /// inputs, which add up. While no graph is recorded nothing else reads the gradients in between, so they are summed in place
    /// and released as soon as they are used: the next rule works in memory that is still in the cache.
    /// </summary>
    private sealed class Backward
    {
        private readonly Tape _tape;
        private readonly Tensor _output;
        private readonly IReadOnlyList<Tensor> _with;
        private readonly bool _createGraph;
        private readonly Dictionary<Tensor, int> _places;
        private readonly bool[] _needed;
        private readonly Tensor?[] _ofNodes;
        private readonly Tensor?[] _ofWith;
        private readonly Action<int, Tensor>? _check;

        /// <summary>The gradient that the rule that is running is the last to see.</summary>
        private Tensor? _overwritable;

        /// <summary>Prepares the pass.</summary>
        /// <param name="tape">The tape.</param>
        /// <param name="output">What is differentiated.</param>
        /// <param name="with">With respect to what.</param>
        /// <param name="createGraph">Whether the pass is recorded.</param>
        /// <param name="check">Receives every gradient that a rule returns, with the node of the rule.</param>
        internal Backward(Tape tape, Tensor output, IReadOnlyList<Tensor> with, bool createGraph, Action<int, Tensor>? check = null)
        {
            (_tape, _output, _with, _createGraph, _check) = (tape, output, with, createGraph, check);
            _places = new Dictionary<Tensor, int>(with.Count, ReferenceEqualityComparer.Instance);
            for (int i = 0; i < with.Count; i++)
            {
                with[i].ThrowIfDisposed();
                if (!with[i].IsLeaf && !IsOnTape(with[i]))
                {
                    throw new InvalidOperationException(
                        $"Gradients: tensor {i}, {with[i].DType} {with[i].Shape} on {with[i].Device.Name}, is no parameter, not watched, "
                        + "and not the result of a recorded operation of "
                        + "this tape, so what was " +
                        "computed from it was not recorded: mark it with Tape.Watch before computing with it.");
                }

                if (!_places.TryAdd(with[i], i)) throw new ArgumentException($"Gradients: tensor {i} is named twice.");
            }

            _needed = Needed(output.Node + 1);
            _ofNodes = new Tensor[output.Node + 1];
            _ofWith = new Tensor[with.Count];
        }

        internal Tensor[] Run(Tensor seed)
        {
            (Backward? outer, _tape._running) = (_tape._running, this);
            try
            {
                return Walk(seed);
            }
            finally
            {
                _tape._running = outer;
                if (outer is null) RunningOperation.BeginDerivative(null);
            }
        }

        internal bool IsNeeded(Tensor input) => _places.ContainsKey(input) || (IsOnTape(input) && _needed[input.Node]);

        internal bool MayOverwrite(Tensor gradient) => ReferenceEquals(gradient, _overwritable);

        private Tensor[] Walk(Tensor seed)
        {
            SetGradient(_output, _createGraph ? seed : _tape.Alias(seed, seed.Shape));
            for (int i = _ofNodes.Length - 1; i >= 0; i--)
            {
                Tensor? gradient = _ofNodes[i];
                if (gradient is null || !_needed[i]) continue;
                _tape._nodes[i].CheckVersions();
                bool isLastUse = !_createGraph && _tape._nodes[i].Rules.Length == 1 && !_places.ContainsKey(_tape._nodes[i].Output)
                    && gradient.Storage.References == 1;
                _overwritable = isLastUse ? gradient : null;
                RunningOperation.BeginDerivative(_tape._nodes[i].Operation);
                foreach (Rule rule in _tape._nodes[i].Rules)
                    if (IsNeeded(rule.Input)) Apply(_tape._nodes[i], rule, gradient);
                if (!_createGraph && !_places.ContainsKey(_tape._nodes[i].Output)) gradient.Dispose();
            }

            Tensor[] gradients = new Tensor[_with.Count];
            for (int i = 0; i < gradients.Length; i++)
            {
                gradients[i] = _ofWith[i] ?? Tensor.Zeros(_with[i].Shape, _with[i].DType);
                gradients[i].HasLostGraph |= !_createGraph;
            }

            return gradients;
        }

        private bool[] Needed(int count)
        {
            bool[] needed = new bool[count];
            for (int i = 0; i < count; i++)
                foreach (Rule rule in _tape._nodes[i].Rules)
                    needed[i] |= _places.ContainsKey(rule.Input) || (IsOnTape(rule.Input) && needed[rule.Input.Node]);
            return needed;
        }

        private bool IsOnTape(Tensor input) => input.Node >= 0 && ReferenceEquals(input.Tape, _tape);

        private void Apply(Node node, Rule rule, Tensor gradient)
        {
            Tensor? sum = Gradient(rule.Input);
            bool inPlace = !_createGraph && sum is not null && sum.Storage.References == 1;
            if (inPlace && rule.Accumulate is not null)
            {
                rule.Accumulate(gradient, sum!);
                _check?.Invoke(node.Output.Node, sum!);
                return;
            }

            int mark = _tape._owned.Count;
            Tensor result = rule.Gradient(gradient);
            if (result.Shape != rule.Input.Shape)
                throw new InvalidOperationException(
                    $"{node.Operation}: its gradient rule gave shape {result.Shape} for an input of shape {rule.Input.Shape}.");
            _check?.Invoke(node.Output.Node, result);
            if (inPlace) sum!.AddInPlace(result);
            else if (sum is not null) result = sum + result;
            if (_createGraph)
            {
                SetGradient(rule.Input, result);
                return;
            }

            // A rule may return the tensor that it was passed; an alias of its own lets that one be released.
            if (!_tape.IsNewSince(mark, result)) result = _tape.Alias(result, result.Shape);
            if (!inPlace) SetGradient(rule.Input, result);
            if (!inPlace) sum?.Dispose();
            _tape.ReleaseSince(mark, keep: inPlace ? null : result);
        }

        private Tensor? Gradient(Tensor input) => _places.TryGetValue(input, out int place) ? _ofWith[place] : _ofNodes[input.Node];

        private void SetGradient(Tensor input, Tensor gradient)
        {
            if (_places.TryGetValue(input, out int place)) _ofWith[place] = gradient;
            if (IsOnTape(input)) _ofNodes[input.Node] = gradient;
        }
    }

    private bool IsNewSince(int mark, Tensor tensor)
    {
        for (int i = mark; i < _owned.Count; i++)
            if (ReferenceEquals(_owned[i], tensor)) return true;
        return false;
    }

    /// <summary>Releases what was computed after a mark, except for one tensor.</summary>
    private void ReleaseSince(int mark, Tensor? keep)
    {
        bool kept = false;
        for (int i = _owned.Count - 1; i >= mark; i--)
        {
            if (ReferenceEquals(_owned[i], keep)) kept = true;
            else _owned[i].Dispose();
        }

        _owned.RemoveRange(mark, _owned.Count - mark);
        if (kept) _owned.Add(keep!);
    }
}
