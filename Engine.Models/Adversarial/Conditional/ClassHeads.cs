using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial.Conditional;

/// <summary>The three conditional discriminators on a body.</summary>
internal static class ClassHeads
{
    /// <summary>A discriminator: samples and classes to scores [n, 1].</summary>
    /// <param name="body">Makes the body, [n, ...] to [n, features], for samples with a number of further channels.</param>
    /// <param name="features">The number of features.</param>
    /// <param name="condition">How the class comes in.</param>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="around">What is put around each layer with weights; null for nothing.</param>
    /// <param name="initializer">The initialiser of the heads' weights; null takes the layer's own.</param>
    internal static Module On(
        Func<int, Sequential> body, int features, ClassCondition condition, int classes, ModuleOptions options,
        Func<Module, Module>? around, Initializer? initializer = null)
    {
        return condition switch
        {
            ClassCondition.Concatenation => new LabelConcatenation(new Sequential([.. body(classes).Layers, Head()]), classes),
            ClassCondition.Projection => new ProjectionDiscriminator(body(0), features, classes, options, around, initializer),
            ClassCondition.Classifier => new ClassifyingDiscriminator(body(0), features, classes, options, around, initializer),
            _ => throw new ArgumentOutOfRangeException(
                nameof(condition), condition, $"Discriminator: expected one of {string.Join(", ", Enum.GetNames<ClassCondition>())}."),
        };

        Module Head()
        {
            Linear layer = new(features, 1, options, bias: true, initializer);
            return around is null ? layer : around(layer);
        }
    }
}
