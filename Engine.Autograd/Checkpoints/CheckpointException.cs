namespace Engine.Autograd.Checkpoints;

/// <summary>
/// A file of weights or a checkpoint that cannot be used as asked: missing, cut short, damaged, or holding something else than the model
/// needs.
/// </summary>
/// <remarks>
/// The message is one that can be shown to the user as it is: it names the file and the tensor, what was expected and what was found.
/// </remarks>
public sealed class CheckpointException : Exception
{
    /// <summary>An error that says no more than that the checkpoint cannot be used.</summary>
    public CheckpointException() : this("The checkpoint cannot be used.")
    {
    }

    /// <summary>An error with a message for the user.</summary>
    public CheckpointException(string message) : base(message)
    {
    }

    /// <summary>An error with a message for the user, and the exception that led to it.</summary>
    public CheckpointException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
