namespace Engine.Models.Data;

/// <summary>
/// Data that cannot be used as asked: a file that is missing, cut short or damaged, counts that disagree, an unknown name.
/// </summary>
/// <remarks>
/// The message is one that can be shown to the user as it is: it names the file or option, what was expected and what was found.
/// </remarks>
public sealed class DataException : Exception
{
    /// <summary>An error that says no more than that the data cannot be used.</summary>
    public DataException() : this("The data cannot be used.")
    {
    }

    /// <summary>An error with a message for the user.</summary>
    public DataException(string message) : base(message)
    {
    }

    /// <summary>An error with a message for the user, and the exception that led to it.</summary>
    public DataException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
