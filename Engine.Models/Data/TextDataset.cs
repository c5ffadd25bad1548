namespace Engine.Models.Data;

/// <summary>
/// A text as numbers of its characters: the first nine tenths to train on, the rest to validate with, as nanoGPT cuts it.
/// </summary>
public sealed class TextDataset
{
    private readonly int[] _tokens;
    private readonly int _trained;

    /// <summary>A text.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="text">The text, of at least 20 characters.</param>
    /// <exception cref="DataException">The text is shorter.</exception>
    public TextDataset(string name, string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(text);
        const int Least = 20;
        if (text.Length < Least) throw new DataException($"{name}: expected a text of at least {Least} characters, found {text.Length}.");
        Name = name;
        Vocabulary = new CharacterVocabulary(text);
        _tokens = Vocabulary.Encode(text);
        _trained = (int)(_tokens.Length * 0.9);
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The characters of the whole text.</summary>
    public CharacterVocabulary Vocabulary { get; }

    /// <summary>The characters in the text.</summary>
    public int Count => _tokens.Length;

    /// <summary>The whole text.</summary>
    public ReadOnlyMemory<int> Tokens => _tokens;

    /// <summary>The first nine tenths.</summary>
    public ReadOnlyMemory<int> Train => _tokens.AsMemory(0, _trained);

    /// <summary>The last tenth.</summary>
    public ReadOnlyMemory<int> Validation => _tokens.AsMemory(_trained);
}
