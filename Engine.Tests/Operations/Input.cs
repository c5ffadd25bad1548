namespace Engine.Tests.Operations;

/// <summary>Draws the elements of an argument.</summary>
internal delegate double[] Draw(Random random, int count);

/// <summary>An argument of an operation: its shape and how its elements are drawn.</summary>
/// <param name="Shape">The shape.</param>
/// <param name="Draw">How the elements are drawn.</param>
/// <param name="IsDifferentiable">False for what the operation takes as constant.</param>
/// <param name="IsIndex">True for int32 indices.</param>
internal sealed record Input(Shape Shape, Draw Draw, bool IsDifferentiable = true, bool IsIndex = false)
{
    /// <summary>The elements, each a float32 number, so that every type computes with the very same ones.</summary>
    internal double[] Values(Random random) => Array.ConvertAll(Draw(random, Shape.Count), x => (double)(float)x);
}
