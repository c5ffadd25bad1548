using System.Globalization;

namespace Engine.Autograd.Checks;

/// <summary>What <see cref="GradCheck"/> found.</summary>
/// <param name="FirstOrder">The largest error of the gradient, relative to the larger of 1 and the derivative.</param>
/// <param name="SecondOrder">The largest error of the gradient's gradient; null when it was not checked.</param>
/// <param name="Tolerance">The error allowed.</param>
/// <param name="Worst">Where the largest error was, in words.</param>
public sealed record GradCheckResult(double FirstOrder, double? SecondOrder, double Tolerance, string Worst)
{
    /// <summary>True when every error is within the tolerance.</summary>
    public bool Passed => FirstOrder <= Tolerance && (SecondOrder ?? 0) <= Tolerance;

    /// <summary>Does nothing when the check passed.</summary>
    /// <exception cref="InvalidOperationException">It did not: the message says where and by how much.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed)
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture,
                    $"GradCheck: error {Math.Max(FirstOrder, SecondOrder ?? 0):E2} is over {Tolerance:E0} at {Worst}."));
    }
}
