namespace Engine.Tests;

/// <summary>Bad input is refused: what is tried throws an exception of the very type, with a message that says what is wrong.</summary>
internal static class Refusal
{
    /// <summary>Expects an <see cref="ArgumentException"/> whose message holds a part.</summary>
    internal static void Refused(string part, Action attempt) => Refused<ArgumentException>(part, attempt);

    /// <summary>Expects an exception whose message holds a part.</summary>
    internal static void Refused<T>(string part, Action attempt)
        where T : Exception => Assert.Contains(part, Assert.Throws<T>(attempt).Message);

    /// <summary>Expects an <see cref="ArgumentException"/> whose message begins as given: the name of the argument may follow.</summary>
    internal static void RefusedWith(string start, Action attempt) => RefusedWith<ArgumentException>(start, attempt);

    /// <summary>Expects an exception whose message begins as given.</summary>
    internal static void RefusedWith<T>(string start, Action attempt) where T : Exception =>
        Assert.StartsWith(start, Assert.Throws<T>(attempt).Message);

    /// <summary>Expects an <see cref="ArgumentException"/> with a message.</summary>
    internal static void RefusedExactly(string message, Action attempt) => RefusedExactly<ArgumentException>(message, attempt);

    /// <summary>Expects an exception with a message.</summary>
    internal static void RefusedExactly<T>(string message, Action attempt) where T : Exception =>
        Assert.Equal(message, Assert.Throws<T>(attempt).Message);
}
