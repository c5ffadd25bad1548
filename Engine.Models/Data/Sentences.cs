using System.Text;
using System.Text.RegularExpressions;

namespace Engine.Models.Data;

/// <summary>
/// A text made of a small grammar, so that language models can be tried with no data: who does something, to whom, where, and sometimes
/// why. Singular and plural agree across the words in between, so there is something to learn beyond the spelling of words.
/// </summary>
public static class Sentences
{
    /// <summary>The characters of the text by default.</summary>
    public const int Length = 100_000;

    private static readonly string[] s_nouns =
        ["cat", "dog", "bird", "king", "queen", "ship", "star", "river", "garden", "child", "horse", "stone"];
    private static readonly string[] s_adjectives = ["old", "small", "red", "quiet", "brave", "green", "tired", "bright"];
    private static readonly string[] s_verbs = ["see", "find", "follow", "know", "love", "fear", "lead", "carry"];
    private static readonly string[] s_places =
        ["in the garden", "near the river", "under the stars", "by the sea", "at home", "on the hill"];
    private static readonly string[] s_joints = ["and", "but", "because", "while"];

    /// <summary>Generates a text.</summary>
    /// <param name="length">Its characters, at least 1.</param>
    /// <param name="seed">What it depends on.</param>
    public static string Make(int length = Length, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        CounterRandom random = new(CounterRandom.Key(seed, 0x73656e74));
        StringBuilder text = new(length + 100);
        while (text.Length < length)
        {
            int start = text.Length;
            Clause(text, ref random);
            if (random.Below(3) == 0)
            {
                text.Append(' ').Append(Of(s_joints, ref random)).Append(' ');
                Clause(text, ref random);
            }

            text[start] = char.ToUpperInvariant(text[start]);
            text.Append(random.Below(4) == 0 ? ".\n" : ". ");
        }

        return text.ToString(0, length);
    }

    /// <summary>
    /// Whether a text is one sentence of the grammar: its words, their order, singular and plural, the capital and the period.
    /// </summary>
    /// <param name="text">The text, without a line break.</param>
    public static bool IsSentence(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > 0 && char.IsAsciiLetterUpper(text[0])
            && s_sentence.Value.IsMatch(char.ToLowerInvariant(text[0]) + text[1..]);
    }

    private static readonly Lazy<Regex> s_sentence = new(() =>
    {
        string adjective = $"(?:(?:{Any(s_adjectives)}) )?", singular = $"the {adjective}(?:{Any(s_nouns)})",
            plural = $"many {adjective}(?:{Any(s_nouns.Select(Plural))})";
        string clause = $"(?:{singular} (?:{Any(s_verbs.Select(Singular))})|{plural} (?:{Any(s_verbs)})) "
            + $"(?:{singular}|{plural})(?: (?:{Any(s_places)}))?";
        return new Regex($@"\A{clause}(?: (?:{Any(s_joints)}) {clause})?\.\z", RegexOptions.CultureInvariant);
    });

    private static string Any(IEnumerable<string> words) => string.Join('|', words);

    private static string Plural(string noun) => noun == "child" ? "children" : $"{noun}s";

    private static string Singular(string verb) => verb == "carry" ? "carries" : $"{verb}s";

    private static void Clause(StringBuilder text, ref CounterRandom random)
    {
        bool isPlural = NounPhrase(text, ref random);
        string verb = Of(s_verbs, ref random);
        text.Append(' ').Append(isPlural ? verb : Singular(verb)).Append(' ');
        NounPhrase(text, ref random);
        if (random.Below(2) == 0) text.Append(' ').Append(Of(s_places, ref random));
    }

    private static bool NounPhrase(StringBuilder text, ref CounterRandom random)
    {
        bool isPlural = random.Below(2) == 0;
        text.Append(isPlural ? "many " : "the ");
        if (random.Below(2) == 0) text.Append(Of(s_adjectives, ref random)).Append(' ');
        string noun = Of(s_nouns, ref random);
        text.Append(isPlural ? Plural(noun) : noun);
        return isPlural;
    }

    private static string Of(string[] words, ref CounterRandom random) => words[random.Below(words.Length)];
}
