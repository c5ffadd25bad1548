using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Norms;

namespace Engine.Autograd;

public partial class Tensor
{
    private delegate void GroupedForward(
        Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, double epsilon, Storage mean, Storage reciprocal, Storage y);

    private delegate void GroupedBackward(
        Storage g, Storage x, GroupNormShape shape, Storage? gamma, Storage mean, Storage reciprocal, Storage dGamma, Storage dBeta,
        Storage? dx);

    /// <summary>
    /// Layer normalisation (Ba et al. 2016, arXiv:1607.06450) over the innermost axis: y = (x - mean) / sqrt(variance + epsilon) gamma +
    /// beta, with the mean and the population variance of each row.
    /// </summary>
    /// <param name="gamma">A factor for each place of a row, [columns]; null for 1.</param>
    /// <param name="beta">What is added to each place, [columns]; null for 0.</param>
    /// <param name="epsilon">The constant that is added to the variance; positive.</param>
    /// <exception cref="ArgumentException">There is no axis, or a shape or type does not fit.</exception>
    public Tensor LayerNorm(Tensor? gamma = null, Tensor? beta = null, double epsilon = 1e-5)
    {
        (int rows, int columns) = Rows(nameof(LayerNorm));
        return Grouped(
            nameof(LayerNorm),
            new GroupNormShape(rows, 1, columns, 1),
            gamma,
            beta,
            epsilon,
            static (x, s, gamma, beta, epsilon, mean, reciprocal, y) =>
                LayerNormalization.Forward(x, s.Images, s.Channels, gamma, beta, epsilon, mean, reciprocal, y),
            static (g, x, s, gamma, mean, reciprocal, dGamma, dBeta, dx) =>
                LayerNormalization.Backward(g, x, s.Images, s.Channels, gamma, mean, reciprocal, dGamma, dBeta, dx));
    }

    /// <summary>
    /// Group normalisation (Wu and He 2018, arXiv:1803.08494) of images [N, ..., channels]: y = (x - mean) / sqrt(variance + epsilon) gamma
    /// + beta, with the mean and the population variance of each group of neighbouring channels of each image over all its positions.
    /// </summary>
    /// <param name="groups">The number of groups, which divides the number of channels.</param>
    /// <param name="gamma">A factor for each channel, [channels]; null for 1.</param>
    /// <param name="beta">What is added to each channel, [channels]; null for 0.</param>
    /// <param name="epsilon">The constant that is added to the variance; positive.</param>
    /// <exception cref="ArgumentException">There are fewer than two axes, the groups do not divide the channels, or a shape or type does
    /// not fit.</exception>
    public Tensor GroupNorm(int groups, Tensor? gamma = null, Tensor? beta = null, double epsilon = 1e-5)
    {
        return Grouped(
            nameof(GroupNorm), OfGroups(nameof(GroupNorm), groups), gamma, beta, epsilon, GroupNormalization.Forward,
            GroupNormalization.Backward);
    }

    /// <summary>
    /// Instance normalisation (Ulyanov et al. 2016, arXiv:1607.08022) of images [N, ..., channels]: <see cref="GroupNorm"/> with a group
    /// for each channel, so that each channel of each image has mean 0 and variance 1 over its positions.
    /// </summary>
    /// <param name="gamma">A factor for each channel, [channels]; null for 1.</param>
    /// <param name="beta">What is added to each channel, [channels]; null for 0.</param>
    /// <param name="epsilon">The constant that is added to the variance; positive.</param>
    /// <exception cref="ArgumentException">There are fewer than two axes, or a shape or type does not fit.</exception>
    public Tensor InstanceNorm(Tensor? gamma = null, Tensor? beta = null, double epsilon = 1e-5)
    {
        if (Shape.Rank < 2) throw new ArgumentException($"InstanceNorm: expected images [N, ..., channels], found shape {Shape}.");
        return Grouped(
            nameof(InstanceNorm), OfGroups(nameof(InstanceNorm), Math.Max(1, Shape[-1])), gamma, beta, epsilon, GroupNormalization.Forward,
            GroupNormalization.Backward);
    }

    /// <summary>
    /// silu(<see cref="GroupNorm"/>(x + shift)) in one kernel, with SiLU of Elfwing et al. (2017, arXiv:1702.03118) applied to the result
    /// and what is added to each channel of each image before, as the residual blocks of diffusion models add the time.
    /// </summary>
    /// <param name="groups">The number of groups, which divides the number of channels.</param>
    /// <param name="gamma">A factor for each channel, [channels]; null for 1.</param>
    /// <param name="beta">What is added to each channel, [channels]; null for 0.</param>
    /// <param name="shift">What is added to each channel of each image before the normalisation, [N, channels]; null for 0.</param>
    /// <param name="epsilon">The constant that is added to the variance; positive.</param>
    /// <exception cref="ArgumentException">There are fewer than two axes, the groups do not divide the channels, or a shape or type does
    /// not fit.</exception>
    public Tensor GroupNormSilu(int groups, Tensor? gamma = null, Tensor? beta = null, Tensor? shift = null, double epsilon = 1e-5)
    {
        GroupNormShape shape = OfGroups(nameof(GroupNormSilu), groups);
        CheckChannels(nameof(GroupNormSilu), nameof(gamma), gamma, shape.Channels);
        CheckChannels(nameof(GroupNormSilu), nameof(beta), beta, shape.Channels);
        CheckEpsilon(nameof(GroupNormSilu), epsilon);
        if (shift is not null)
        {
            CheckType(nameof(GroupNormSilu), shift);
            if (shift.Shape != new Shape(shape.Images, shape.Channels))
                throw new ArgumentException(
                    $"GroupNormSilu: a shift of [{shape.Images}, {shape.Channels}] is needed for shape {Shape}, found {shift.Shape}.");
        }

        Tape tape = Autograd.Tape.OpenFloating(nameof(GroupNormSilu), this, gamma, beta, shift);
        Tensor y = tape.NewTensor(Shape, DType);
        Shape statistics = [shape.Images, shape.Groups], means = [2, shape.Images, shape.Groups];
        Tensor? distances = shift is not null && tape.IsRecording ? tape.NewTensor(shift.Shape, DType) : null;
        Normalization of = new(this, y, gamma, beta, tape.NewTensor(means, DType), tape.NewTensor(statistics, DType), shift);
        GroupNormalization.ForwardSilu(
            Storage, shape, gamma?.Storage, beta?.Storage, shift?.Storage, epsilon, of.Mean.Storage, of.Reciprocal.Storage,
            distances?.Storage, y.Storage);

        tape.Trace?.Add(nameof(GroupNormSilu), y, [this, gamma, beta, shift], (shape.Groups, epsilon));

        // The composed rules are those of the three operations in turn.
        return of.Record(
            tape,
            nameof(GroupNormSilu),
            [shape.Channels],
            (g, dGamma, dBeta, dx) => GroupNormalization.BackwardSilu(
                g, of.X.Storage, shape, gamma?.Storage, beta?.Storage, shift?.Storage, of.Mean.Storage, of.Reciprocal.Storage,
                distances?.Storage, dGamma, dBeta, of.ShiftGradient, dx),
            ofInput: OfInput,
            ofGamma: g => (OfNorm(g) * Standardized().Z).Sum(0, 1).Reshape(shape.Channels),
            ofBeta: g => OfNorm(g).Sum(0, 1).Reshape(shape.Channels),
            ofShift: g => OfInput(g).Reshape(shape.Images, shape.Positions, shape.Channels).Sum(1));

        Tensor OfInput(Tensor g) => InputGradient(OfNorm(g), gamma, shape, Standardized()).Reshape(of.X.Shape);

        // With n = gamma z + beta and s = sigmoid(n): dn = g s (1 + n (1 - s)).
        Tensor OfNorm(Tensor g)
        {
            Tensor n = Standardized().Z;
            if (gamma is not null) n *= gamma.Reshape(shape.Groups, shape.GroupChannels);
            if (beta is not null) n += beta.Reshape(shape.Groups, shape.GroupChannels);
            Tensor s = n.Sigmoid();
            return g.Reshape(n.Shape) * s * (1 + (n * (1 - s)));
        }

        (Tensor Z, Tensor Reciprocal) Standardized() =>
            Standardize(shift is null ? of.X
                : of.X.Reshape(shape.Images, shape.Positions, shape.Channels) + shift.Reshape(shape.Images, 1, shape.Channels), shape,
                of.Reciprocal, epsilon);
    }

    private GroupNormShape OfGroups(string operation, int groups)
    {
        if (Shape.Rank < 2) throw new ArgumentException($"{operation}: needs [images, ..., channels], found shape {Shape}.");
        if (groups < 1 || Shape[-1] % groups != 0) throw new ArgumentException(
            $"{operation}: expected groups that divide the {Shape[-1]} channels of shape {Shape}, found {groups}.");
        int positions = 1;
        for (int axis = 1; axis < Shape.Rank - 1; axis++) positions *= Shape[axis];
        return new GroupNormShape(Shape[0], positions, Shape[-1], groups);
    }

    // Every group of an image in view of its own, [images, positions, groups, group's channels]: over axes 1 and 3 a mean is taken.
    private static (Tensor Z, Tensor Reciprocal) Standardize(Tensor x, GroupNormShape shape, Tensor reciprocal, double epsilon)
    {
        Shape kept = [shape.Images, 1, shape.Groups, 1];
        return Standardize(
            x.Reshape(shape.Images, shape.Positions, shape.Groups, shape.GroupChannels), [1, 3], kept, reciprocal.Reshape(kept), epsilon);
    }

    // z = (x - mean) / sqrt(variance + epsilon) and the reciprocal root, by way of d = (x - mean) r with the reciprocal root r of the
    // forward pass as a constant: z = d / s and 1 / sqrt(variance + epsilon) = r / s with s² = mean(d²) + epsilon r², in which no square
    // overflows, nor does the difference of a quarter of each. The mean is taken away twice, for it was rounded.
    private static (Tensor Z, Tensor Reciprocal) Standardize(Tensor x, int[] axes, Shape kept, Tensor r, double epsilon)
    {
        r = r.Detach();
        x *= 0.25;
        Tensor d = (x - x.Mean(axes).Reshape(kept)) * (4 * r);
        d -= d.Mean(axes).Reshape(kept);
        Tensor s = (d.Square().Mean(axes).Reshape(kept) + (r * epsilon * r)).Sqrt();
        return (d / s, r / s);
    }

    // dx = r (h - mean h - z mean(h z)), for h = gamma g.
    private static Tensor InputGradient(Tensor g, Tensor? gamma, GroupNormShape shape, (Tensor Z, Tensor Reciprocal) standardized)
    {
        Tensor h = g.Reshape(shape.Images, shape.Positions, shape.Groups, shape.GroupChannels);
        if (gamma is not null) h *= gamma.Reshape(shape.Groups, shape.GroupChannels);
        (Tensor z, Tensor reciprocal) = standardized;
        return (h - Mean(h) - (z * Mean(h * z))) * reciprocal;

        Tensor Mean(Tensor t) => t.Mean(1, 3).Reshape(shape.Images, 1, shape.Groups, 1);
    }

    private Tensor Grouped(
        string operation, GroupNormShape shape, Tensor? gamma, Tensor? beta, double epsilon, GroupedForward forward,
        GroupedBackward backward)
    {
        CheckChannels(operation, nameof(gamma), gamma, shape.Channels);
        CheckChannels(operation, nameof(beta), beta, shape.Channels);
        CheckEpsilon(operation, epsilon);
        Tape tape = Autograd.Tape.OpenFloating(operation, this, gamma, beta);
        Tensor y = tape.NewTensor(Shape, DType);
        Shape statistics = [shape.Images, shape.Groups], means = [2, shape.Images, shape.Groups];
        Normalization of = new(this, y, gamma, beta, tape.NewTensor(means, DType), tape.NewTensor(statistics, DType));
        forward(Storage, shape, gamma?.Storage, beta?.Storage, epsilon, of.Mean.Storage, of.Reciprocal.Storage, y.Storage);
        tape.Trace?.Add(operation, y, [this, gamma, beta, null], (shape.Groups, epsilon));

        return of.Record(
            tape,
            operation,
            [shape.Channels],
            (g, dGamma, dBeta, dx) =>
                backward(g, of.X.Storage, shape, gamma?.Storage, of.Mean.Storage, of.Reciprocal.Storage, dGamma, dBeta, dx),
            ofInput: g => InputGradient(g, gamma, shape, Standardize(of.X, shape, of.Reciprocal, epsilon)).Reshape(of.X.Shape),
            ofGamma: g => (g.Reshape(shape.Images, shape.Positions, shape.Groups, shape.GroupChannels)
                * Standardize(of.X, shape, of.Reciprocal, epsilon).Z).Sum(0, 1).Reshape(shape.Channels),
            ofBeta: g => g.Reshape(shape.Images * shape.Positions, shape.Channels).Sum(0));
    }
}
