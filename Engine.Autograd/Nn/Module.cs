using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>
/// A part of a model with parameters and, possibly, modules of its own. A module is made on a device, for a type of number, and is disposed
/// to give its parameters back.
/// </summary>
public abstract class Module : IDisposable
{
    private readonly List<Parameter> _own = [];
    private readonly List<(string Name, Module Module)> _children = [];
    private Parameter[]? _all;

    /// <summary>Every parameter once: those of the module itself, then those of its parts in their order. A module is complete when its constructor returns.</summary>
    public IReadOnlyList<Parameter> Parameters => _all ??= [.. NamedParameters().Select(named => named.Parameter).Distinct()];

    /// <summary>The number of trained numbers.</summary>
    public long ParameterCount => Parameters.Sum(parameter => (long)parameter.Count);

    /// <summary>True while training (dropout drops), false for evaluation; see <see cref="Train"/>.</summary>
    public bool IsTraining { get; private set; } = true;

    /// <summary>Computes the module's output.</summary>
    public abstract Tensor Forward(Tensor x);

    /// <summary>Every parameter with its full name, such as <c>2.weight</c>.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters()
    {
        foreach (Parameter parameter in _own) yield return (parameter.Name, parameter);
        foreach ((string name, Module module) in _children)
            foreach ((string inner, Parameter parameter) in module.NamedParameters()) yield return ($"{name}.{inner}", parameter);
    }

    /// <summary>Puts the module and its parts into training mode, or with false into evaluation mode.</summary>
    public void Train(bool training = true)
    {
        IsTraining = training;
        foreach ((_, Module module) in _children) module.Train(training);
    }

    /// <summary>Puts the module and its parts into evaluation mode.</summary>
    public void Eval() => Train(false);

    /// <summary>Gives the parameters back.</summary>
    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes a parameter of this module and fills it.</summary>
    /// <param name="name">Its name in this module.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="initializer">What fills it.</param>
    /// <param name="options">Where and of what type it is, and where randomness comes from.</param>
    protected Parameter NewParameter(string name, Shape shape, Initializer initializer, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        ArgumentNullException.ThrowIfNull(options);
        if (_own.Any(other => other.Name == name)) throw new ArgumentException($"{GetType().Name} has a parameter '{name}' already.");
        Device device = options.Device ?? Device.Default;
        Parameter parameter = new(name, device.Allocate(options.DType, shape.Count), shape);
        initializer(parameter.Storage, shape, options.Random);
        _own.Add(parameter);
        _all = null;
        return parameter;
    }

    /// <summary>Makes a module a part of this one: its parameters and its mode follow.</summary>
    /// <returns>The module itself.</returns>
    protected TModule AddModule<TModule>(string name, TModule module) where TModule : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        if (_children.Any(child => child.Name == name)) throw new ArgumentException($"{GetType().Name} has a part '{name}' already.");
        _children.Add((name, module));
        _all = null;
        return module;
    }
}
