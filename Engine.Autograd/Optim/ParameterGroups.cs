using Engine.Autograd.Nn;

namespace Engine.Autograd.Optim;

/// <summary>Parameters of an optimizer that have a learning rate or a weight decay of their own.</summary>
public sealed record ParameterGroup
{
    /// <summary>Makes a group.</summary>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="learningRateFactor">Its learning rate over that of the optimizer, so that a schedule moves both; at least 0, where 0
    /// leaves the parameters as they are.</param>
    /// <param name="weightDecay">Its weight decay; null for that of the optimizer.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor or the decay is negative or not finite.</exception>
    public ParameterGroup(IReadOnlyList<Parameter> parameters, double learningRateFactor = 1, double? weightDecay = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(learningRateFactor >= 0) || double.IsInfinity(learningRateFactor)) throw new ArgumentOutOfRangeException(
            nameof(learningRateFactor), learningRateFactor,
            "ParameterGroup: the factor of the learning rate must be finite and at least 0.");
        if (weightDecay is { } decay) CheckDecay(decay);
        (Parameters, LearningRateFactor, WeightDecay) = ([.. parameters], learningRateFactor, weightDecay);
    }

    /// <summary>The parameters.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The learning rate over that of the optimizer.</summary>
    public double LearningRateFactor { get; }

    /// <summary>The weight decay; null for that of the optimizer.</summary>
    public double? WeightDecay { get; }

    internal static void CheckDecay(double weightDecay)
    {
        if (!(weightDecay >= 0) || double.IsInfinity(weightDecay)) throw new ArgumentOutOfRangeException(
            nameof(weightDecay), weightDecay, "The weight decay must be finite and not negative.");
    }
}

/// <summary>The parameters of an optimizer in groups.</summary>
/// <example><code>
/// using AdamW adamW = new(ParameterGroups.WithoutDecayOfVectors(model.Parameters), 3e-4, weightDecay: 0.1);
/// adamW.Step(tape.Gradients(loss, model.Parameters));
/// </code></example>
public sealed class ParameterGroups
{
    /// <summary>Groups one after another: <see cref="Parameters"/> has those of the first, then those of the second.</summary>
    /// <param name="groups">The groups.</param>
    public ParameterGroups(params ReadOnlySpan<ParameterGroup> groups)
    {
        Groups = groups.ToArray();
        Parameters = [.. Groups.SelectMany(group => group.Parameters)];
    }

    private ParameterGroups(IReadOnlyList<ParameterGroup> groups, IReadOnlyList<Parameter> parameters) =>
        (Groups, Parameters) = (groups, parameters);

    /// <summary>The groups.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>All parameters, in the order of the gradients of a step.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>One group.</summary>
    internal static ParameterGroups Of(IReadOnlyList<Parameter> parameters) => new(new ParameterGroup(parameters));

    /// <summary>
    /// Two groups, of which only the first decays: weights and tables, which have two axes or more, decay; biases and the scales and shifts
    /// of normalisations, which are vectors, do not. The order of the parameters stays.
    /// </summary>
    /// <param name="parameters">The parameters, as a rule all of a model.</param>
    public static ParameterGroups WithoutDecayOfVectors(IReadOnlyList<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ParameterGroup decaying = new([.. parameters.Where(parameter => parameter.Shape.Rank > 1)]),
            others = new([.. parameters.Where(parameter => parameter.Shape.Rank <= 1)], weightDecay: 0);
        return new([decaying, others], [.. parameters]);
    }
}
