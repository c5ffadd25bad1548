using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;
using Engine.Kernels.Norms;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) over all axes but the innermost, of [..., channels]:
    /// y = activation((x - mean) / sqrt(variance + epsilon) gamma + beta), with the statistics of the batch in training and the running
    /// ones otherwise.
    /// <para>
    /// In training each call moves the running statistics on in place: running = (1 - momentum) running + momentum statistic, with the
    /// unbiased variance. The result in training does not depend on them, and neither do its gradients, which never touch them; so code
    /// that evaluates the same function again (differences, a second gradient) gets the same value, but moves them on again: pass null
    /// there to leave them alone. In evaluation they are copied, so that gradients hold although they move on afterwards.
    /// </para>
    /// </summary>
    /// <param name="gamma">A factor for each channel, [channels]; null for 1.</param>
    /// <param name="beta">What is added to each channel, [channels]; null for 0.</param>
    /// <param name="runningMean">The running means, [channels]; null in training to gather none.</param>
    /// <param name="runningVariance">The running variances, [channels]; null where <paramref name="runningMean"/> is.</param>
    /// <param name="training">Whether to take the statistics of the batch.</param>
    /// <param name="momentum">The weight of this batch in the running statistics, in [0, 1].</param>
    /// <param name="epsilon">The constant that is added to the variance; positive.</param>
    /// <param name="activation">What follows; ReLU and leaky ReLU in the same pass.</param>
    /// <exception cref="ArgumentException">
    /// A shape or type does not fit; or in training there is one value for each channel, whose variance says nothing; or in evaluation
    /// there are no running statistics.
    /// </exception>
    public Tensor BatchNorm(
        Tensor? gamma, Tensor? beta, Tensor? runningMean, Tensor? runningVariance, bool training, double momentum = 0.1,
        double epsilon = 1e-5, Activation activation = default)
    {
        (int rows, int channels) = CheckBatchNorm(gamma, beta, runningMean, runningVariance, training, momentum, epsilon);
        if (!BatchNormalization.Folds(activation))
        {
            Tensor linear = BatchNorm(gamma, beta, runningMean, runningVariance, training, momentum, epsilon);
            return activation.Kind == ActivationKind.Tanh ? linear.Tanh() : linear.Sigmoid();
        }

        Tape tape = Autograd.Tape.OpenFloating(nameof(BatchNorm), this, gamma, beta, runningMean, runningVariance);
        Tensor y = tape.NewTensor(Shape, DType);
        // In training, behind the means what they were rounded by.
        Normalization of = new(
            this, y, gamma, beta, tape.NewTensor([training ? 2 * channels : channels], DType), tape.NewTensor([channels], DType));
        if (training)
        {
            RunningStatistics? running = runningMean is null ? null
                : new RunningStatistics(runningMean.Storage, runningVariance!.Storage, momentum);
            BatchNormalization.Forward(
                Storage, rows, channels, gamma?.Storage, beta?.Storage, epsilon, activation, of.Mean.Storage, of.Reciprocal.Storage,
                y.Storage, running);
            if (running is { } moved)
            {
                moved.Mean.Version++;
                moved.Variance.Version++;
            }
        }
        else
        {
            Move.Copy(runningMean!.Storage, of.Mean.Storage);
            Kernels.Mapping.Map.Unary(runningVariance!.Storage, of.Reciprocal.Storage, new ReciprocalDeviation(epsilon));
            BatchNormalization.Evaluate(
                Storage, rows, channels, gamma?.Storage, beta?.Storage, activation, of.Mean.Storage, of.Reciprocal.Storage, y.Storage);
        }

        if (training) tape.Trace?.Refuse(y, "BatchNorm in training mode");
        else tape.Trace?.Add(nameof(BatchNorm), y, [this, gamma, beta, runningMean, runningVariance], (epsilon, activation));
        return of.Record(
            tape,
            nameof(BatchNorm),
            [channels],
            (g, dGamma, dBeta, dx) => BatchNormalization.Backward(
                g, of.X.Storage, rows, channels, gamma?.Storage, beta?.Storage, activation, of.Mean.Storage, of.Reciprocal.Storage,
                training, dGamma, dBeta, dx),
            ofInput: g =>
            {
                // dx = r (h' - mean h' - z mean(h' z)), for h' = gamma h; the means only where the statistics are those of the batch.
                Tensor scaled = Before(g);
                if (gamma is not null) scaled *= gamma;
                (Tensor z, Tensor reciprocal) = Standardized();
                if (training) scaled = scaled - scaled.Mean(0) - (z * (scaled * z).Mean(0));
                return (scaled * reciprocal).Reshape(of.X.Shape);
            },
            ofGamma: g => (Before(g) * Standardized().Z).Sum(0),
            ofBeta: g => Before(g).Sum(0));

        Tensor Before(Tensor g) => ComposedGradient(activation, g, y).Reshape(rows, channels);

        (Tensor Z, Tensor Reciprocal) Standardized()
        {
            Tensor x = of.X.Reshape(rows, channels);
            if (!training) return ((x - of.Mean) * of.Reciprocal, of.Reciprocal);
            return Standardize(x, [0], [1, channels], of.Reciprocal.Reshape(1, channels), epsilon);
        }
    }

    private (int Rows, int Channels) CheckBatchNorm(
        Tensor? gamma, Tensor? beta, Tensor? runningMean, Tensor? runningVariance, bool training, double momentum, double epsilon)
    {
        const string Operation = nameof(BatchNorm);
        if (Shape.Rank < 2) throw new ArgumentException(
            $"{Operation}: needs [..., channels] with at least one axis before the channels, found shape {Shape}.");
        int channels = Shape[-1];
        int rows = channels == 0 ? 0 : Count / channels;
        CheckChannels(Operation, nameof(gamma), gamma, channels);
        CheckChannels(Operation, nameof(beta), beta, channels);
        CheckChannels(Operation, "the running mean", runningMean, channels);
        CheckChannels(Operation, "the running variance", runningVariance, channels);
        if (!(momentum is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(
            nameof(momentum), momentum, $"{Operation}: the momentum must be in [0, 1], found {momentum}.");
        CheckEpsilon(Operation, epsilon);
        if (runningMean is null != runningVariance is null) throw new ArgumentException(
            $"{Operation}: expected a running mean and a running variance, or neither, found one.");
        if (!training && runningMean is null) throw new ArgumentException(
            $"{Operation}: expected running statistics for evaluation, found none.");
        if (training && rows < 2 && channels > 0)
        {
            throw new ArgumentException(
                $"{Operation}: in training each channel needs at least 2 values, for the variance of one value says nothing, found {rows} "
                + $"in shape {Shape}. Take a larger batch, or evaluation mode.");
        }

        return (rows, channels);
    }

    private static void CheckEpsilon(string operation, double epsilon)
    {
        if (!(epsilon > 0) || double.IsInfinity(epsilon)) throw new ArgumentOutOfRangeException(
            nameof(epsilon), epsilon, $"{operation}: epsilon must be positive and finite, found {epsilon}.");
    }

    private void CheckChannels(string operation, string name, Tensor? tensor, int channels)
    {
        if (tensor is null) return;
        if (tensor.Shape != new Shape(channels)) throw new ArgumentException(
            $"{operation}: {name} must have shape [{channels}] for input {Shape}, found {tensor.Shape}.");
        CheckType(operation, tensor);
    }
}
