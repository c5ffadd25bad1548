using System.Runtime.CompilerServices;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Nn;

/// <summary>
/// A part of a model with parameters, buffers and, possibly, modules of its own. A module is made on a device, with an element type, and is
/// disposed to release its parameters and buffers.
/// </summary>
public abstract class Module : IStateful, IDisposable
{
    private readonly List<Parameter> _own = [];
    private readonly List<(string Name, Tensor Buffer)> _buffers = [];
    private readonly List<(string Name, Module Module)> _children = [];
    private Parameter[]? _all;
    private RandomStream? _random;
    private (Module Parent, string Name)? _place;

    /// <summary>
    /// Every parameter once: those of the module itself, then those of its parts in their order. A module is complete when its constructor
    /// returns.
    /// </summary>
    public IReadOnlyList<Parameter> Parameters => _all ??= [.. NamedParameters().Select(named => named.Parameter).Distinct()];

    /// <summary>The number of parameters.</summary>
    public long ParameterCount => Parameters.Sum(parameter => (long)parameter.Count);

    /// <summary>True while training (dropout drops), false for evaluation; see <see cref="Train"/>.</summary>
    public bool IsTraining { get; private set; } = true;

    /// <summary>Computes the module's output.</summary>
    public abstract Tensor Forward(Tensor x);

    /// <summary>The name of something in this module, from the outermost module that this one is a part of.</summary>
    internal string PathTo(string name) => _place is { } place ? place.Parent.PathTo($"{place.Name}.{name}") : name;

    /// <summary>Every parameter with its full name, such as <c>2.weight</c>.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters()
    {
        foreach (Parameter parameter in _own) yield return (parameter.Name, parameter);
        foreach ((string name, Module module) in _children)
            foreach ((string inner, Parameter parameter) in module.NamedParameters()) yield return ($"{name}.{inner}", parameter);
    }

    /// <summary>
    /// Every buffer with its full name, such as <c>1.running_mean</c>: what belongs to the state of the model, and so is saved with it, but
    /// is not trained.
    /// </summary>
    public IEnumerable<(string Name, Tensor Buffer)> NamedBuffers()
    {
        foreach ((string, Tensor) buffer in _buffers) yield return buffer;
        foreach ((string name, Module module) in _children)
            foreach ((string inner, Tensor buffer) in module.NamedBuffers()) yield return ($"{name}.{inner}", buffer);
    }

    /// <summary>This module, and all of its parts down to the innermost, each before its own parts.</summary>
    public IEnumerable<Module> Modules() => _children.SelectMany(child => child.Module.Modules()).Prepend(this);

    /// <summary>Shows a checkpoint every parameter and buffer under its full name, and the random streams that parts draw from.</summary>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        foreach (Parameter parameter in _own) visitor.Tensor(parameter.Name, parameter);
        foreach ((string name, Tensor buffer) in _buffers) visitor.Tensor(name, buffer);
        if (_random is not null) visitor.Random("random", _random);
        foreach ((string name, Module module) in _children) visitor.Part(name, module);
    }

    /// <summary>Puts the module and its parts into training mode, or with false into evaluation mode.</summary>
    public void Train(bool training = true)
    {
        IsTraining = training;
        foreach ((_, Module module) in _children) module.Train(training);
    }

    /// <summary>Puts the module and its parts into evaluation mode.</summary>
    public void Eval() => Train(false);

    /// <summary>
    /// Puts the module and its parts into evaluation mode, until what is returned is disposed of; then they go back to the mode that the
    /// module was in.
    /// </summary>
    public IDisposable Evaluating()
    {
        Evaluation evaluation = new(this, IsTraining);
        Eval();
        return evaluation;
    }

    /// <summary>Releases the parameters and the buffers.</summary>
    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
        foreach ((_, Tensor buffer) in NamedBuffers()) buffer.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Creates a parameter of this module and fills it.</summary>
    /// <param name="name">Its name in this module.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="initializer">What fills it.</param>
    /// <param name="options">Where and of what type it is, and where randomness comes from.</param>
    /// <param name="layout">How its axes relate to those of other frameworks: the weights of products and convolutions
    /// differ.</param>
    protected Parameter NewParameter(
        string name, Shape shape, Initializer initializer, ModuleOptions options, ParameterLayout layout = ParameterLayout.Same)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        ArgumentNullException.ThrowIfNull(options);
        CheckNew(name);
        Device device = options.Device ?? Device.Default;
        Parameter parameter = new(this, name, device.Allocate(options.DType, shape.Count), shape, layout);
        Fill(parameter, initializer, options);
        _own.Add(parameter);
        _all = null;
        return parameter;
    }

    /// <summary>
    /// Creates a tensor that belongs to this module's state but is not trained, such as running statistics, and fills it. It belongs to no
    /// tape and is released by the module.
    /// </summary>
    /// <param name="name">Its name in this module, which no parameter has either.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="initializer">What fills it.</param>
    /// <param name="options">Where and of what type it is, and where randomness comes from.</param>
    protected Tensor NewBuffer(string name, Shape shape, Initializer initializer, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        ArgumentNullException.ThrowIfNull(options);
        CheckNew(name);
        Tensor buffer = new((options.Device ?? Device.Default).Allocate(options.DType, shape.Count), shape, null);
        Fill(buffer, initializer, options);
        _buffers.Add((name, buffer));
        return buffer;
    }

    /// <summary>Says that passes of this module move a random stream on, so that it belongs to the state of the model.</summary>
    /// <returns>The stream itself.</returns>
    protected RandomStream UseRandom(RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return _random = random;
    }

    /// <summary>Adds a module to this one: its parameters and its mode follow.</summary>
    /// <returns>The module itself.</returns>
    protected TModule AddModule<TModule>(string name, TModule module) where TModule : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        if (_children.Any(child => child.Name == name)) throw new ArgumentException($"{GetType().Name} has a part '{name}' already.");
        _children.Add((name, module));
        module._place ??= (this, name);
        _all = null;
        return module;
    }

    /// <summary>An extent that a layer is made with, which must be at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less.</exception>
    private protected void CheckExtent(int extent, [CallerArgumentExpression(nameof(extent))] string name = "")
    {
        if (extent < 1) throw new ArgumentOutOfRangeException(
            name, extent, $"{GetType().Name}: {name} must be at least 1, found {extent}.");
    }

    // Nobody but this method knows of the tensor yet.
    private static void Fill(Tensor tensor, Initializer initializer, ModuleOptions options)
    {
        if (tensor.Device.IsMeasuring) return;
        try
        {
            initializer(tensor.Storage, tensor.Shape, options.Random);
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private void CheckNew(string name)
    {
        if (_own.Any(other => other.Name == name)) throw new ArgumentException($"{GetType().Name} has a parameter '{name}' already.");
        if (_buffers.Any(other => other.Name == name)) throw new ArgumentException($"{GetType().Name} has a buffer '{name}' already.");
    }

    private sealed class Evaluation(Module module, bool wasTraining) : IDisposable
    {
        public void Dispose() => module.Train(wasTraining);
    }
}

/// <summary>What a module needs to know when it is made.</summary>
/// <param name="Random">Where the initial values, and the masks of dropout, come from.</param>
/// <param name="Device">Where the parameters are; null takes <see cref="Device.Default"/>.</param>
/// <param name="DType">The type of the parameters.</param>
public sealed record ModuleOptions(RandomStream Random, Device? Device = null, DType DType = DType.Float32)
{
    /// <summary>Options with everything random flowing from a seed.</summary>
    public static ModuleOptions FromSeed(long seed, Device? device = null) => new(new RandomStream(seed), device);
}
