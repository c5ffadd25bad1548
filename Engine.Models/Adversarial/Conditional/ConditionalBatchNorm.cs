using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Models.Adversarial.Residual;

namespace Engine.Models.Adversarial.Conditional;

/// <summary>
/// Batch normalisation with a scale and an offset of each class (Dumoulin et al. 2016, conditional instance normalisation,
/// arXiv:1610.07629; de Vries et al. 2017, arXiv:1707.00683; in generators since Miyato and Koyama 2018, arXiv:1802.05637). The statistics
/// are those of the whole batch, whatever the classes in it. The parameters <c>weight</c> and <c>bias</c> are [classes, channels], the
/// buffers <c>norm.running_mean</c> and <c>norm.running_var</c> [channels].
/// </summary>
public sealed class ConditionalBatchNorm : ConditionalModule
{
    private readonly BatchNorm _norm;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Channels of the input; at least 1.</param>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="momentum">The weight of the newest batch in the running statistics, in [0, 1].</param>
    /// <param name="epsilon">The constant that is added to the variance; positive.</param>
    /// <param name="weightInitializer">The initialiser of the scales; null takes ones.</param>
    /// <param name="biasInitializer">The initialiser of the offsets; null takes zeros.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels or no classes, or the momentum or epsilon is out of
    /// range.</exception>
    public ConditionalBatchNorm(
        int channels, int classes, ModuleOptions options, double momentum = 0.1, double epsilon = 1e-5,
        Initializer? weightInitializer = null, Initializer? biasInitializer = null)
    {
        ClassLabels.CheckClasses(nameof(ConditionalBatchNorm), classes);
        Classes = classes;
        _norm = AddModule("norm", new BatchNorm(channels, options, momentum, epsilon, affine: false));
        Weight = NewParameter("weight", [classes, channels], weightInitializer ?? Initializers.Ones, options);
        Bias = NewParameter("bias", [classes, channels], biasInitializer ?? Initializers.Zeros, options);
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>gamma: what the normalised channels of a class are multiplied by, [classes, channels].</summary>
    public Parameter Weight { get; }

    /// <summary>beta: what is added to the channels of a class, [classes, channels].</summary>
    public Parameter Bias { get; }

    /// <summary>
    /// gamma_y (x - mean) / sqrt(variance + epsilon) + beta_y; between classes, with the weighted means of gamma and beta.
    /// </summary>
    /// <param name="x">[samples, ..., channels].</param>
    /// <param name="condition">Labels, int32 [samples], or weights of the classes, [samples, classes].</param>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public override Tensor Forward(Tensor x, Tensor condition)
    {
        Tensor classes = ClassLabels.Weights(nameof(ConditionalBatchNorm), x, condition, Classes);
        return ModulatedBatchNorm.Modulate(_norm.Forward(x), classes.MatMul(Weight), classes.MatMul(Bias));
    }
}
