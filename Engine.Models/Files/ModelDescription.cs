using System.Globalization;
using Engine.Autograd.Checkpoints;
using Engine.Models.Data;

namespace Engine.Models.Files;

/// <summary>
/// What a file of weights says of its model beside the weights: the family, the sizes of its networks, the shape of the data. It stands in
/// the file's <c>__metadata__</c>, where other programs pass it over, and <see cref="ModelFile.Open"/> makes the model again from it.
/// </summary>
public sealed class ModelDescription
{
    /// <summary>What the names of all values in <c>__metadata__</c> begin with.</summary>
    public const string Prefix = "engine.";

    private const string FamilyName = "family", SizeName = "image";
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);
    private string _source = "the description";

    /// <summary>Describes a model.</summary>
    /// <param name="family">The family, one of <see cref="ModelFile.Families"/>.</param>
    /// <param name="size">The size of the images that it makes; null where it makes none.</param>
    public ModelDescription(string family, ImageSize? size = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(family);
        _values[FamilyName] = family;
        if (size is { } image) With(SizeName, FormattableString.Invariant($"{image.Height}x{image.Width}x{image.Channels}"));
    }

    /// <summary>The family.</summary>
    public string Family => _values[FamilyName];

    /// <summary>All values by name, with <see cref="Prefix"/>.</summary>
    public IReadOnlyDictionary<string, string> Texts =>
        _values.ToDictionary(value => Prefix + value.Key, value => value.Value, StringComparer.Ordinal);

    /// <summary>Adds a value.</summary>
    /// <param name="name">Its name, which no other has.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public ModelDescription With(string name, string value)
    {
        if (!_values.TryAdd(name, value)) throw new ArgumentException($"The description has a value '{name}' already.", nameof(name));
        return this;
    }

    /// <inheritdoc cref="With(string, string)"/>
    public ModelDescription With(string name, int value) => With(name, value.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc cref="With(string, string)"/>
    public ModelDescription With(string name, double value) => With(name, value.ToString("R", CultureInfo.InvariantCulture));

    /// <inheritdoc cref="With(string, string)"/>
    public ModelDescription With(string name, bool value) => With(name, value ? "yes" : "no");

    /// <summary>Adds whole numbers.</summary>
    /// <param name="name">Their name, which no other value has.</param>
    /// <param name="values">The numbers.</param>
    public ModelDescription With(string name, IEnumerable<int> values) => With(name, string.Join(',', values));

    /// <summary>The size of the images.</summary>
    /// <exception cref="CheckpointException">There is none.</exception>
    public ImageSize Size()
    {
        string text = Text(SizeName);
        string[] parts = text.Split('x');
        int[] extents = [.. parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0)];
        return extents is [>= 1 and <= 4096, >= 1 and <= 4096, 1 or 3] ? new ImageSize(extents[0], extents[1], extents[2])
            : throw Unfit(SizeName, "a size such as 28x28x1", text);
    }

    /// <summary>A value as text.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="CheckpointException">There is none.</exception>
    public string Text(string name) => _values.TryGetValue(name, out string? value) ? value
        : throw new CheckpointException($"{_source}: expected a value '{Prefix}{name}' of a {Family}, found none.");

    /// <summary>A whole number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="least">The least that it can be.</param>
    /// <param name="most">The most that it can be.</param>
    /// <exception cref="CheckpointException">There is none, or it is another.</exception>
    public int Integer(string name, int least = 1, int most = 1_000_000) =>
        int.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least
        && value <= most ? value : throw Unfit(name, $"a whole number from {least} to {most}", Text(name));

    /// <summary>Whole numbers.</summary>
    /// <param name="name">Their name.</param>
    /// <param name="least">The least that one can be.</param>
    /// <param name="most">The most that one can be.</param>
    /// <exception cref="CheckpointException">There are none, or others.</exception>
    public int[] Integers(string name, int least = 1, int most = 1_000_000)
    {
        string text = Text(name);
        if (text.Length == 0) return [];
        return [.. text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value >= least && value <= most ? value
            : throw Unfit(name, $"whole numbers from {least} to {most} with commas between", text))];
    }

    /// <summary>A number.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="CheckpointException">There is none, or it is not finite.</exception>
    public double Number(string name) => double.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        && double.IsFinite(value) ? value : throw Unfit(name, "a number", Text(name));

    /// <summary>Yes or no.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="CheckpointException">There is none, or it is something else.</exception>
    public bool Flag(string name) => Choice(name, "yes", "no") == "yes";

    /// <summary>One of some words.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="words">The words.</param>
    /// <exception cref="CheckpointException">There is none, or another.</exception>
    public string Choice(string name, params string[] words) => words.Contains(Text(name)) ? Text(name)
        : throw Unfit(name, $"one of {string.Join(", ", words)}", Text(name));

    /// <summary>One of the values of an enumeration.</summary>
    /// <typeparam name="T">The enumeration.</typeparam>
    /// <param name="name">Its name.</param>
    /// <exception cref="CheckpointException">There is none, or another.</exception>
    public T Choice<T>(string name) where T : struct, Enum => Enum.Parse<T>(Choice(name, Enum.GetNames<T>()));

    /// <summary>What a file says of its model.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="CheckpointException">It says nothing.</exception>
    public static ModelDescription Of(SafetensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.Metadata.TryGetValue(Prefix + FamilyName, out string? family)) throw new CheckpointException(
            $"{file.Path} does not say what its model is: expected the weights that a lesson of this version leaves, found a file without "
            + $"'{Prefix}{FamilyName}'. A lesson that loads it with --from and trains on writes it with what it is.");
        ModelDescription description = new(family) { _source = file.Path };
        foreach ((string key, string value) in file.Metadata)
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal)) description._values[key[Prefix.Length..]] = value;
        }

        return description;
    }

    private CheckpointException Unfit(string name, string expected, string found) =>
        new($"{_source}: '{Prefix}{name}': expected {expected}, found '{found}'.");
}
