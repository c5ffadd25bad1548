using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;

namespace Engine.Models.Data;

/// <summary>
/// A text as the indices of its characters: the first nine tenths to train on, the rest to validate with, as nanoGPT cuts it.
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

    /// <summary>
    /// What samples begin with where nobody says so: a line break where the text has one, and its first character where it has none.
    /// </summary>
    public string DefaultPrompt
    {
        get
        {
            Rune lineBreak = new('\n');
            return Vocabulary.Characters.Contains(lineBreak) ? "\n" : Vocabulary.Decode(_tokens.AsSpan(0, 1));
        }
    }

    /// <summary>The beginning of samples: what an option says, or else <see cref="DefaultPrompt"/>.</summary>
    /// <param name="wanted">The option's value; null where it was not given.</param>
    /// <param name="option">The option's name, for messages.</param>
    /// <exception cref="DataException">It is empty, or has a character that the text has not.</exception>
    public string Prompt(string? wanted, string option = "--prompt")
    {
        if (wanted is null) return DefaultPrompt;
        if (wanted.Length == 0) throw new DataException($"{option}: expected at least one character, found none.");
        try
        {
            Vocabulary.Encode(wanted);
        }
        catch (DataException e)
        {
            throw new DataException($"{option}: {e.Message} {Name} has {Vocabulary.Described}.", e);
        }

        return wanted;
    }
}

/// <summary>The characters of a text, indexed in the order of their Unicode values.</summary>
public sealed class CharacterVocabulary
{
    private readonly Rune[] _characters;
    private readonly Dictionary<Rune, int> _indices = [];

    /// <summary>The characters that a text has.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The text is empty.</exception>
    public CharacterVocabulary(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        HashSet<Rune> found = [];
        foreach (Rune character in text.EnumerateRunes()) found.Add(character);
        _characters = [.. found.Order()];
        for (int i = 0; i < _characters.Length; i++) _indices[_characters[i]] = i;
    }

    /// <summary>How many characters there are.</summary>
    public int Count => _characters.Length;

    /// <summary>The characters, in the order of their indices.</summary>
    public ReadOnlyCollection<Rune> Characters => _characters.AsReadOnly();

    /// <summary>Encodes a text as the index of each of its characters.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="DataException">A character is not known.</exception>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int count = 0, place = 0;
        foreach (Rune _ in text.EnumerateRunes()) count++;
        int[] tokens = new int[count];
        foreach (Rune character in text.EnumerateRunes())
        {
            if (!_indices.TryGetValue(character, out int token))
                throw new DataException(
                    $"The character {Named(character)} at place {place} is none of the {Count} of the vocabulary.");
            tokens[place++] = token;
        }

        return tokens;
    }

    /// <summary>Some characters of the vocabulary, for messages.</summary>
    internal string Described
    {
        get
        {
            const int Most = 20;
            string some = string.Join(", ", _characters.Take(Most).Select(Named));
            return Count > Most ? $"{some} and {Count - Most} more" : some;
        }
    }

    /// <summary>A character as a sentence can have it: control characters and spaces by name, on one line.</summary>
    internal static string Named(Rune character) => character.Value switch
    {
        '\0' => "null (U+0000)",
        '\t' => "tab (U+0009)",
        '\n' => "line feed (U+000A)",
        '\r' => "carriage return (U+000D)",
        ' ' => "space (U+0020)",
        0x7F => "delete (U+007F)",
        0xA0 => "no-break space (U+00A0)",
        0x2028 => "line separator (U+2028)",
        0x2029 => "paragraph separator (U+2029)",
        _ when Rune.IsControl(character) || Rune.GetUnicodeCategory(character) is UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned
            => $"U+{character.Value:X4}",
        _ => $"'{character}' (U+{character.Value:X4})",
    };

    /// <summary>Decodes indices into text.</summary>
    /// <param name="tokens">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index stands for no character.</exception>
    public string Decode(ReadOnlySpan<int> tokens)
    {
        StringBuilder text = new(tokens.Length);
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)Count) throw new ArgumentOutOfRangeException(
                nameof(tokens), token, $"Decode: a token must be from 0 to {Count - 1}.");
            text.Append(_characters[token].ToString());
        }

        return text.ToString();
    }
}
