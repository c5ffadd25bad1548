using System.Globalization;
using Engine.Autograd.Checks;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Norms;

namespace Engine.Autograd;

// Where a loss or a gradient that is not finite came from. The tape still has every result, so the place is found by looking, after the
// fact.
public sealed partial class Tape
{
    /// <summary>Gradients of at most so many elements are looked at in every step: all biases and scales.</summary>
    private const int SmallGradient = 4096;

    /// <summary>Refuses a loss that is not finite.</summary>
    /// <exception cref="NonFiniteException">The loss is NaN or infinite.</exception>
    private void CheckLoss(FiniteGuard guard, Tensor loss, IReadOnlyList<Tensor> with)
    {
        if (loss.Count != 1) return;
        if (Device is not CpuDevice && !guard.LooksAtOnce)
        {
            guard.Await(loss, with);
            return;
        }

        if (Finite.All(loss.Storage)) return;
        string what = $"the loss{Owner(guard, with)} is {Value(loss)}";

        // From the loss back through what is not finite, to an operation whose inputs all are.
        int node = loss.Node;
        while (node >= 0 && BadInput(_nodes[node]) is { } input)
        {
            if (!IsResult(input)) throw FromOutside(guard, what, _nodes[node], input);
            node = input.Node;
        }

        if (node < 0) throw guard.Stop(what, "no recorded operation computed it");
        (string? layer, string where) = Layer(guard, node);
        throw guard.Stop(what, $"the first value that is not finite came out of {_nodes[node].Operation}{where}{Inputs(_nodes[node])}",
            _nodes[node].Operation, layer);
    }

    /// <summary>Refuses gradients that are not finite: runs the pass again with a look at every step of it.</summary>
    /// <exception cref="NonFiniteException">A gradient is NaN or infinite.</exception>
    private void CheckGradients(FiniteGuard guard, Tensor output, Tensor seed, IReadOnlyList<Tensor> with, Tensor[] gradients)
    {
        // Elsewhere than on the host every look would wait for the device. There, the next step's loss shows it.
        if (Device is not CpuDevice || AreFinite(gradients)) return;
        new Backward(this, output, with, createGraph: false, Check).Run(seed);

        // Only a rule that does not repeat itself comes this far.
        throw guard.Stop(What(double.NaN), "the gradients computed again are finite");

        void Check(int node, Tensor gradient)
        {
            if (Finite.All(gradient.Storage)) return;
            (string? layer, string where) = Layer(guard, node);
            throw guard.Stop(
                What(Finite.First(gradient.Storage)),
                $"the first one that is not finite came out of the derivative of {_nodes[node].Operation}{where}{Inputs(_nodes[node])}",
                _nodes[node].Operation,
                layer);
        }

        string What(double value) => $"a gradient of the loss{Owner(guard, with)} is {FiniteGuard.Word(value)}";
    }

    private static bool AreFinite(Tensor[] gradients)
    {
        int smallest = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            if (gradients[i].Count < gradients[smallest].Count) smallest = i;
            if (gradients[i].Count <= SmallGradient && !Finite.All(gradients[i].Storage)) return false;
        }

        return gradients.Length == 0 || Finite.All(gradients[smallest].Storage);
    }

    private static Tensor? BadInput(Node node)
    {
        foreach (Rule rule in node.Rules)
            if (!rule.Input.IsDisposed && !Finite.All(rule.Input.Storage)) return rule.Input;
        return null;
    }

    private NonFiniteException FromOutside(FiniteGuard guard, string what, Node node, Tensor input)
    {
        (string? layer, string where) = Layer(guard, node.Output.Node);
        return input is Parameter
            ? guard.Stop(what, $"parameter {guard.NameOf(input)} is {Value(input)} since an earlier step", null,
                LayerOf(guard.NameOf(input)))
            : guard.Stop(what, $"an input of {node.Operation}{where}, {input.Shape}, is {Value(input)}, and no recorded operation "
                + "computed it", node.Operation, layer);
    }

    /// <summary>The layer of a node: that of its parameter, or else of the nearest one that its inputs were computed by.</summary>
    private (string? Layer, string Where) Layer(FiniteGuard guard, int node)
    {
        SortedSet<int> toVisit = [node];
        while (toVisit.Count > 0)
        {
            int i = toVisit.Max;
            toVisit.Remove(i);
            foreach (Rule rule in _nodes[i].Rules)
            {
                if (rule.Input is Parameter && LayerOf(guard.NameOf(rule.Input)) is { } layer) return (
                    layer, i == node ? $" of layer {layer}" : $" behind layer {layer}");
                if (IsResult(rule.Input)) toVisit.Add(rule.Input.Node);
            }
        }

        return (null, "");
    }

    // generator.0.weight belongs to layer generator.0.
    private static string? LayerOf(string? parameter) => parameter?.LastIndexOf('.') is > 0 and int dot ? parameter[..dot] : parameter;

    /// <summary>" of generator", when that is what the names of all parameters that learn from the loss begin with.</summary>
    internal static string Owner(FiniteGuard guard, IReadOnlyList<Tensor> with)
    {
        string[]? common = null;
        foreach (Tensor tensor in with)
        {
            string[] parts = guard.NameOf(tensor)?.Split('.')[..^1] ?? [];
            common = common is null ? parts : [.. common.TakeWhile((part, i) => i < parts.Length && parts[i] == part)];
        }

        return common is { Length: > 0 } ? $" of {string.Join('.', common)}" : "";
    }

    private static string Inputs(Node node)
    {
        (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (Rule rule in node.Rules)
        {
            if (rule.Input is Parameter || rule.Input.IsDisposed) continue;
            (double least, double most) = Finite.Range(rule.Input.Storage);
            (low, high) = (Math.Min(low, least), Math.Max(high, most));
        }

        return low <= high ? string.Create(CultureInfo.InvariantCulture, $", whose inputs lie between {low:G4} and {high:G4}") : "";
    }

    private static string Value(Tensor tensor) => FiniteGuard.Word(Finite.First(tensor.Storage));

    private bool IsResult(Tensor tensor) => tensor.Node >= 0 && ReferenceEquals(tensor.Tape, this);
}
