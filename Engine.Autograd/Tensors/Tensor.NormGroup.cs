using Engine.Kernels;

namespace Engine.Autograd;

public partial class Tensor
{
    private delegate void GroupedForward(Storage x, GroupNormShape shape, Storage? gamma, Storage? beta, double epsilon, Storage mean, Storage reciprocal, Storage y);

    private delegate void GroupedBackward(
        Storage g, Storage x, GroupNormShape shape, Storage? gamma, Storage mean, Storage reciprocal, Storage dGamma, Storage dBeta, Storage? dx);

    /// <summary>
    /// Layer normalisation (Ba et al. 2016, arXiv:1607.06450) over the innermost axis: y = (x - mean) / sqrt(variance + epsilon) gamma + beta, with
    /// the mean and the population variance of each row.
    /// </summary>
    /// <param name="gamma">A factor for each place of a row, [columns]; null for 1.</param>
    /// <param name="beta">What is added to each place, [columns]; null for 0.</param>
    /// <param name="epsilon">What is added to the variance; positive.</param>
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
            static (x, s, gamma, beta, epsilon, mean, reciprocal, y) => LayerNormalization.Forward(x, s.Images, s.Channels, gamma, beta, epsilon, mean, reciprocal, y),
            static (g, x, s, gamma, mean, reciprocal, dGamma, dBeta, dx) =>
                LayerNormalization.Backward(g, x, s.Images, s.Channels, gamma, mean, reciprocal, dGamma, dBeta, dx));
    }

    /// <summary>
    /// Group normalisation (Wu and He 2018, arXiv:1803.08494) of images [N, ..., channels]: y = (x - mean) / sqrt(variance + epsilon) gamma + beta,
    /// with the mean and the population variance of each group of neighbouring channels of each image over all its positions.
    /// </summary>
    /// <param name="groups">The number of groups, which divides the number of channels.</param>
    /// <param name="gamma">A factor for each channel, [channels]; null for 1.</param>
    /// <param name="beta">What is added to each channel, [channels]; null for 0.</param>
    /// <param name="epsilon">What is added to the variance; positive.</param>
    /// <exception cref="ArgumentException">There are fewer than two axes, the groups do not divide the channels, or a shape or type does not fit.</exception>
    public Tensor GroupNorm(int groups, Tensor? gamma = null, Tensor? beta = null, double epsilon = 1e-5)
    {
        if (Shape.Rank < 2) throw new ArgumentException($"GroupNorm: needs [images, ..., channels], found shape {Shape}.");
        if (groups < 1 || Shape[-1] % groups != 0) throw new ArgumentException($"GroupNorm: {groups} groups do not divide the {Shape[-1]} channels of shape {Shape}.");
        int positions = 1;
        for (int axis = 1; axis < Shape.Rank - 1; axis++) positions *= Shape[axis];
        return Grouped(
            nameof(GroupNorm), new GroupNormShape(Shape[0], positions, Shape[-1], groups), gamma, beta, epsilon, GroupNormalization.Forward, GroupNormalization.Backward);
    }

    private Tensor Grouped(
        string operation, GroupNormShape shape, Tensor? gamma, Tensor? beta, double epsilon, GroupedForward forward, GroupedBackward backward)
    {
        CheckChannels(operation, nameof(gamma), gamma, shape.Channels);
        CheckChannels(operation, nameof(beta), beta, shape.Channels);
        CheckEpsilon(operation, epsilon);
        Tape tape = Autograd.Tape.Open(operation);
        Tensor y = tape.NewTensor(Shape, DType);
        Shape statistics = [shape.Images, shape.Groups];
        Normalization of = new(this, y, gamma, beta, tape.NewTensor(statistics, DType), tape.NewTensor(statistics, DType));
        forward(Storage, shape, gamma?.Storage, beta?.Storage, epsilon, of.Mean.Storage, of.Reciprocal.Storage, y.Storage);

        // Every group of an image in view of its own: over axes 1 and 3 a mean is taken.
        Shape grouped = [shape.Images, shape.Positions, shape.Groups, shape.GroupChannels];
        Shape kept = [shape.Images, 1, shape.Groups, 1];
        return of.Record(
            tape,
            operation,
            [shape.Channels],
            (g, dGamma, dBeta, dx) => backward(g, of.X.Storage, shape, gamma?.Storage, of.Mean.Storage, of.Reciprocal.Storage, dGamma, dBeta, dx),
            ofInput: g =>
            {
                // dx = r (h - mean h - z mean(h z)), for h = gamma g.
                Tensor h = g.Reshape(grouped);
                if (gamma is not null) h *= gamma.Reshape(shape.Groups, shape.GroupChannels);
                (Tensor z, Tensor reciprocal) = Standardized();
                return ((h - Mean(h) - (z * Mean(h * z))) * reciprocal).Reshape(of.X.Shape);
            },
            ofGamma: g => (g.Reshape(grouped) * Standardized().Z).Sum(0, 1).Reshape(shape.Channels),
            ofBeta: g => g.Reshape(grouped).Sum(0, 1).Reshape(shape.Channels));

        Tensor Mean(Tensor t) => t.Mean(1, 3).Reshape(kept);

        (Tensor Z, Tensor Reciprocal) Standardized()
        {
            Tensor x = of.X.Reshape(grouped);
            Tensor reciprocal = 1 / (x.Variance(1, 3).Reshape(kept) + epsilon).Sqrt();
            return ((x - Mean(x)) * reciprocal, reciprocal);
        }
    }
}
