namespace Engine.Models.Onnx;

/// <summary>A computation that has no ONNX form: the message names the operation and says what is in the way.</summary>
public sealed class OnnxException : Exception
{
    /// <summary>An error that says no more than that there is no ONNX form.</summary>
    public OnnxException() : this("The computation has no ONNX form.")
    {
    }

    /// <summary>An error with a message for the user.</summary>
    public OnnxException(string message) : base(message)
    {
    }

    /// <summary>An error with a message for the user, and the exception that led to it.</summary>
    public OnnxException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
