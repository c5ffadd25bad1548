using Engine.Autograd.Losses;
using Engine.Kernels;
using Engine.Kernels.Norms;

namespace Engine.Autograd.Checks;

/// <summary>
/// While one is open on a thread, <see cref="Tape.Gradients(Tensor, IReadOnlyList{Tensor}, bool)"/> refuses a loss and gradients that are
/// NaN or infinite, so that no optimiser takes them into the parameters, and says which operation of which layer they came out of. The tape
/// still holds everything that was computed, so that nothing is computed in advance for it: as long as all values are finite a step costs
/// one check of the loss and, on the host, at the small gradients (every parameter vector; what is not finite on its way back through a
/// layer shows in its bias).
/// </summary>
/// <remarks>
/// Elsewhere than on the host a look would make every step wait for the device. There losses are looked at later, many at once: the message
/// names the step, not the operation, and steps after it were done in vain. With <see cref="LooksAtOnce"/> it is as on the host.
/// </remarks>
/// <example><code>using FiniteGuard guard = new(nameOf: parameter => names[parameter], place: () => $"step {step}");</code></example>
public sealed class FiniteGuard : IDisposable
{
    [ThreadStatic]
    private static FiniteGuard? s_current;

    /// <summary>How many losses may wait on a device for being looked at.</summary>
    private const int MostWaiting = 100;

    private readonly List<(Reading Loss, IReadOnlyList<Tensor> With, string? Place)> _waiting = [];
    private readonly FiniteGuard? _outer;
    private readonly Func<Tensor, string?>? _nameOf;
    private readonly Func<string>? _place;

    /// <summary>Opens the guard on the calling thread.</summary>
    /// <param name="nameOf">The full name of a parameter, such as <c>generator.0.weight</c>, or null where it has none.</param>
    /// <param name="place">Where training is, for the message: <c>step 12 of epoch 3</c>.</param>
    public FiniteGuard(Func<Tensor, string?>? nameOf = null, Func<string>? place = null)
    {
        (_nameOf, _place) = (nameOf, place);
        _outer = s_current;
        s_current = this;
    }

    /// <summary>
    /// True to look at every loss when it is there, also where the device has to be waited for: then the operation is named.
    /// <c>ENGINE_GUARD=step</c> makes it so.
    /// </summary>
    public bool LooksAtOnce { get; init; } = LooksAtOnceByEnvironment(Environment.GetEnvironmentVariable("ENGINE_GUARD"));

    /// <summary>What the guard found; null as long as all is well.</summary>
    public NonFiniteException? Found { get; private set; }

    /// <summary>The innermost guard that is open on the calling thread; null when none is.</summary>
    internal static FiniteGuard? Current => s_current;

    /// <summary>What a value of <c>ENGINE_GUARD</c> asks for.</summary>
    /// <exception cref="ArgumentException">It is neither empty nor <c>step</c>.</exception>
    internal static bool LooksAtOnceByEnvironment(string? value) => value switch
    {
        null or "" => false,
        "step" => true,
        _ => throw new ArgumentException($"ENGINE_GUARD must be step or not set; found '{value}'."),
    };

    /// <summary>Refuses a value that is NaN or infinite, such as a reported loss that no gradient was taken of.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The value.</param>
    /// <param name="place">Where training was when the value came up; null takes where it is.</param>
    /// <exception cref="NonFiniteException">It is.</exception>
    public void Check(string name, double value, string? place = null)
    {
        if (!double.IsFinite(value)) throw Stop(
            $"{name} is {Word(value)}", "what gradients were taken of was finite until then", place: place);
    }

    /// <summary>Looks at the losses that are still on a device.</summary>
    /// <exception cref="NonFiniteException">One is NaN or infinite.</exception>
    public void CheckWaiting()
    {
        foreach ((Reading loss, IReadOnlyList<Tensor> with, string? place) in _waiting)
        {
            if (double.IsFinite(loss.Value)) continue;
            throw Stop(
                $"the loss{Tape.Owner(this, with)} is {Word(loss.Value)}",
                "it was read after later steps, so that the device need not wait; with ENGINE_GUARD=step every loss is read at once and "
                + "the operation is named",
                place: place);
        }

        _waiting.Clear();
    }

    /// <summary>Refuses memory that holds NaN or infinity, such as a parameter about to be saved.</summary>
    /// <exception cref="NonFiniteException">It does.</exception>
    public void Check(string name, Storage elements)
    {
        ArgumentNullException.ThrowIfNull(elements);
        if (!Finite.All(elements)) throw Stop($"{name} is {Word(Finite.First(elements))}", "a step before this made it so");
    }

    /// <summary>Closes the guard.</summary>
    public void Dispose()
    {
        if (ReferenceEquals(s_current, this)) s_current = _outer;
    }

    /// <summary>Takes a loss that is still on a device, to be looked at later.</summary>
    internal void Await(Tensor loss, IReadOnlyList<Tensor> with)
    {
        _waiting.Add((loss, with, Place));
        if (_waiting.Count >= MostWaiting) CheckWaiting();
    }

    internal static string Word(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "infinite" : "minus infinite";

    /// <summary>The full name of a parameter, from the outermost module on where no other is known.</summary>
    internal string? NameOf(Tensor tensor) => _nameOf?.Invoke(tensor) ?? (tensor as Nn.Parameter)?.FullName;

    /// <summary>The exception to throw.</summary>
    /// <param name="what">What is not finite: <c>the loss of generator is NaN</c>.</param>
    /// <param name="cause">Where that came from.</param>
    /// <param name="operation">The operation, if there is one.</param>
    /// <param name="layer">The layer, if there is one.</param>
    /// <param name="place">Where training was; null takes where it is.</param>
    internal NonFiniteException Stop(string what, string cause, string? operation = null, string? layer = null, string? place = null)
    {
        place ??= Place;
        return Found = new NonFiniteException($"{what}{(place is null ? "" : $" at {place}")}: {cause}.", operation, layer);
    }

    private string? Place => _place?.Invoke();
}

/// <summary>
/// A loss or a gradient is NaN or infinite, found by a <see cref="FiniteGuard"/> before an optimiser could take it into the parameters. The
/// message is one that can be shown to the user as it is.
/// </summary>
/// <param name="message">What is not finite, where and when, and which operation it came out of.</param>
/// <param name="operation">The operation; null when the value came from outside.</param>
/// <param name="layer">The layer that the operation belongs to or follows; null when there is none.</param>
public sealed class NonFiniteException(string message, string? operation = null, string? layer = null) : ArithmeticException(message)
{
    /// <summary>
    /// The operation whose result, or whose gradient, is the first that is not finite; null when the value came from outside.
    /// </summary>
    public string? Operation { get; } = operation;

    /// <summary>
    /// The full name of the layer that the operation belongs to, or else of the one whose output it was computed from; null when there is
    /// none.
    /// </summary>
    public string? Layer { get; } = layer;
}
