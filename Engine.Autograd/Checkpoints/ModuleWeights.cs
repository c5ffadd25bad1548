using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Checkpoints;

/// <summary>
/// Loads the parameters and buffers of a module from safetensors files, and saves them; docs/checkpoints.md has the table of layouts.
/// </summary>
/// <example><code>
/// using SafetensorsFile file = SafetensorsFile.Open("model.safetensors");
/// model.LoadSafetensors(file, WeightLayout.PyTorch);
/// </code></example>
public static class ModuleWeights
{
    /// <summary>What PyTorch's batch normalisation counts and nothing here needs.</summary>
    private const string IgnoredCount = "num_batches_tracked";

    /// <summary>
    /// Sets every parameter and buffer from the tensor of its full name, transposed where the layouts differ and converted to its type.
    /// Names, shapes, types, checksums and values are checked before the first is set.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="file">The file.</param>
    /// <param name="layout">Whose axes the file's weights have. Under PyTorch's, <c>num_batches_tracked</c> is passed over.</param>
    /// <param name="prefix">The prefix of each name in the file, such as <c>generator.</c>; tensors without it are left alone.</param>
    /// <param name="ignoreExtra">True to pass over tensors that the module has no place for.</param>
    /// <param name="allowNonFinite">True to take weights that are NaN or infinite.</param>
    /// <param name="names">
    /// What parts or tensors of the module are called in the file where they have other names there, such as <c>["0"] = "conv1"</c>: of a
    /// full name the longest key that it is or that it begins with, up to a point, is replaced. Null where the names are the same.
    /// </param>
    /// <exception cref="ArgumentException">A key of <paramref name="names"/> is nothing in the module.</exception>
    /// <exception cref="CheckpointException">
    /// A tensor is missing, misshapen, of an unfit type, damaged, NaN or infinite, or has no place in the module; nothing was set. Or the
    /// file cannot be read.
    /// </exception>
    /// <exception cref="InvalidOperationException">An average of the parameters is in use in their place; nothing was set.</exception>
    public static void LoadSafetensors(
        this Module module, SafetensorsFile file, WeightLayout layout = WeightLayout.Engine, string prefix = "", bool ignoreExtra = false,
        bool allowNonFinite = false, IReadOnlyDictionary<string, string>? names = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(prefix);
        foreach (Parameter parameter in module.Parameters) parameter.ThrowIfHoldsAverage(nameof(LoadSafetensors));
        CheckNames(module, names);
        (string Name, Tensor Tensor)[] places = [.. Places(module).Select(place => (prefix + InFile(place.Name, names), place.Tensor))];
        foreach ((string name, Tensor tensor) in places)
        {
            SafetensorsEntry entry = file.Find(name);
            file.CheckShape(entry, FileShape(tensor, layout));
            if (tensor.DType != DType.Int32 && !entry.Type.IsFloating()) throw file.Misfit(entry, "floating-point numbers");
        }

        if (!ignoreExtra) CheckExtra(module, file, layout, prefix, [.. places.Select(place => place.Name)]);
        foreach ((string name, _) in places) file.Verify(file.Find(name), allowNonFinite ? NonFinite.Any : NonFinite.None);
        foreach ((string name, Tensor tensor) in places) Load(file, name, tensor, layout);
    }

    /// <summary>Sets every parameter and buffer from the file at a path.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The file.</param>
    /// <param name="layout">Whose axes the file's weights have.</param>
    /// <param name="names">What parts or tensors of the module are called in the file; null where the names are the same.</param>
    /// <exception cref="ArgumentException">A key of <paramref name="names"/> is nothing in the module.</exception>
    /// <exception cref="CheckpointException">The file cannot be read, or does not fit the module; nothing was set in the second
    /// case.</exception>
    public static void LoadSafetensors(
        this Module module, string path, WeightLayout layout = WeightLayout.Engine, IReadOnlyDictionary<string, string>? names = null)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        module.LoadSafetensors(file, layout, names: names);
    }

    /// <summary>Writes every parameter and buffer under its full name, transposed where the layouts differ.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The file; it is replaced whole, as <see cref="SafetensorsWriter.Save"/> does.</param>
    /// <param name="layout">Whose axes the file's weights get.</param>
    /// <param name="texts">What else stands in the file's <c>__metadata__</c>, by name; null for nothing.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void SaveSafetensors(
        this Module module, string path, WeightLayout layout = WeightLayout.Engine, IReadOnlyDictionary<string, string>? texts = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        SafetensorsWriter writer = new();
        foreach ((string key, string text) in texts ?? new Dictionary<string, string>()) writer.AddText(key, text);
        List<Storage> transposed = [];
        try
        {
            foreach ((string name, Tensor tensor) in Places(module))
            {
                if (!IsTransposed(tensor, layout))
                {
                    writer.Add(name, tensor);
                    continue;
                }

                Storage storage = tensor.Device.Allocate(tensor.DType, tensor.Count);
                transposed.Add(storage);
                Move.Permute(tensor.Storage, tensor.Shape, ToFile(tensor.Shape.Rank), storage);
                writer.Add(name, storage, FileShape(tensor, layout));
            }

            writer.Save(path);
        }
        finally
        {
            foreach (Storage storage in transposed) storage.Release();
        }
    }

    private static IEnumerable<(string Name, Tensor Tensor)> Places(Module module) =>
        module.NamedParameters().Select(named => (named.Name, (Tensor)named.Parameter)).Concat(module.NamedBuffers());

    private static void CheckNames(Module module, IReadOnlyDictionary<string, string>? names)
    {
        foreach (string key in names?.Keys ?? [])
        {
            if (Places(module).Any(place => Names(key, place.Name))) continue;
            throw new ArgumentException(
                $"LoadSafetensors: expected names of parts of the {module.GetType().Name}, found '{key}'; it has "
                + $"{string.Join(", ", Places(module).Select(place => place.Name).Order(StringComparer.Ordinal))}.");
        }
    }

    /// <summary>The name in the file: the longest key that names the tensor or a module around it is replaced.</summary>
    private static string InFile(string name, IReadOnlyDictionary<string, string>? names) =>
        names?.Keys.Where(key => Names(key, name)).MaxBy(key => key.Length) is { } longest ? names[longest] + name[longest.Length..] : name;

    private static bool Names(string key, string name) =>
        name == key || (name.StartsWith(key, StringComparison.Ordinal) && name[key.Length..].StartsWith('.'));

    private static bool IsTransposed(Tensor tensor, WeightLayout layout) =>
        layout == WeightLayout.PyTorch && tensor is Parameter { Layout: ParameterLayout.OutputsLast };

    private static Shape FileShape(Tensor tensor, WeightLayout layout)
    {
        if (!IsTransposed(tensor, layout)) return tensor.Shape;
        Shape shape = tensor.Shape;
        return new Shape([.. ToFile(shape.Rank).Select(axis => shape[axis])]);
    }

    /// <summary>[kernel..., inputs, outputs] to [outputs, inputs, kernel...]: the axis here of each axis there.</summary>
    private static int[] ToFile(int rank) => [rank - 1, rank - 2, .. Enumerable.Range(0, rank - 2)];

    /// <summary>[outputs, inputs, kernel...] to [kernel..., inputs, outputs]: the axis there of each axis here.</summary>
    private static int[] FromFile(int rank) => [.. Enumerable.Range(2, rank - 2), 1, 0];

    private static void Load(SafetensorsFile file, string name, Tensor tensor, WeightLayout layout)
    {
        if (!IsTransposed(tensor, layout))
        {
            file.Read(name, tensor);
            return;
        }

        Shape shape = FileShape(tensor, layout);
        Storage storage = tensor.Device.Allocate(tensor.DType, tensor.Count);
        try
        {
            file.Read(name, storage, shape);
            Move.Permute(storage, shape, FromFile(shape.Rank), tensor.Storage);
            tensor.Storage.Version++;
        }
        finally
        {
            storage.Release();
        }
    }

    private static void CheckExtra(Module module, SafetensorsFile file, WeightLayout layout, string prefix, HashSet<string> names)
    {
        foreach (SafetensorsEntry entry in file.Entries)
        {
            if (names.Contains(entry.Name) || !entry.Name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            if (layout == WeightLayout.PyTorch
                && (entry.Name == IgnoredCount || entry.Name.EndsWith("." + IgnoredCount, StringComparison.Ordinal))) continue;
            throw new CheckpointException(
                $"{file.Path}: tensor {Wording.Name(entry.Name)}: expected only what the {module.GetType().Name} has a place for, found "
                + $"{entry}. " +
                "Ask for extra tensors to be ignored to load the rest.");
        }
    }
}

/// <summary>Whose axes the weights of a file have.</summary>
public enum WeightLayout
{
    /// <summary>The engine's: [kernel..., inputs, outputs].</summary>
    Engine,

    /// <summary>PyTorch's, as a <c>state_dict</c> holds them: [outputs, inputs, kernel...].</summary>
    PyTorch,
}
