using System.Collections.ObjectModel;
using System.Text;

namespace Engine.Models.Data;

/// <summary>The characters of a text, numbered in the order of their Unicode values.</summary>
public sealed class CharacterVocabulary
{
    private readonly Rune[] _characters;
    private readonly Dictionary<Rune, int> _numbers = [];

    /// <summary>The characters that a text has.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The text is empty.</exception>
    public CharacterVocabulary(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        HashSet<Rune> found = [];
        foreach (Rune character in text.EnumerateRunes()) found.Add(character);
        _characters = [.. found.Order()];
        for (int i = 0; i < _characters.Length; i++) _numbers[_characters[i]] = i;
    }

    /// <summary>How many characters there are.</summary>
    public int Count => _characters.Length;

    /// <summary>The characters, in the order of their numbers.</summary>
    public ReadOnlyCollection<Rune> Characters => _characters.AsReadOnly();

    /// <summary>The number of each character of a text.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="DataException">A character is not known.</exception>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> tokens = new(text.Length);
        foreach (Rune character in text.EnumerateRunes())
        {
            if (!_numbers.TryGetValue(character, out int token))
                throw new DataException(
                    $"The character '{character}' (U+{character.Value:X4}) at place {tokens.Count} is none of the {Count} of the "
                    + "vocabulary.");
            tokens.Add(token);
        }

        return [.. tokens];
    }

    /// <summary>The text of numbers.</summary>
    /// <param name="tokens">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number stands for no character.</exception>
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
