using Engine.Autograd.Rules;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Losses;

namespace Engine.Autograd.Losses;

public static partial class Loss
{
    /// <summary>The squared error (prediction - target)².</summary>
    /// <param name="prediction">What was predicted; any shape.</param>
    /// <param name="target">What should have been, broadcast with it.</param>
    /// <param name="reduction">What becomes of the elements.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor MeanSquaredError(Tensor prediction, Tensor target, Reduction reduction = Reduction.Mean)
    {
        Terms terms = new(nameof(MeanSquaredError), reduction, ("prediction", prediction), ("target", target));
        Tensor loss = terms.Run(default(SquaredError), prediction, target);

        // dprediction = 2 g (prediction - target) = -dtarget
        return terms.Record(
            loss,
            terms.Rule(prediction, g => 2 * g * (prediction - target),
                g => terms.Fused(default(SquaredErrorGradient), g, prediction, target)),
            terms.Rule(target, g => 2 * g * (target - prediction), g => terms.Fused(default(SquaredErrorGradient), g, target, prediction)));
    }

    /// <summary>The absolute error |prediction - target|; its derivative is 0 where they are equal.</summary>
    /// <param name="prediction">What was predicted; any shape.</param>
    /// <param name="target">What should have been, broadcast with it.</param>
    /// <param name="reduction">What becomes of the elements.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor L1(Tensor prediction, Tensor target, Reduction reduction = Reduction.Mean)
    {
        Terms terms = new(nameof(L1), reduction, ("prediction", prediction), ("target", target));
        Tensor loss = terms.Run(default(AbsoluteError), prediction, target);

        // dprediction = g sign(prediction - target) = -dtarget
        return terms.Record(
            loss,
            terms.Rule(prediction, g => g * (prediction - target).Detach().Map(default(Sign)),
                g => terms.Fused(default(AbsoluteErrorGradient), g, prediction, target)),
            terms.Rule(target, g => g * (target - prediction).Detach().Map(default(Sign)),
                g => terms.Fused(default(AbsoluteErrorGradient), g, target, prediction)));
    }
}
