using Engine.Autograd;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

public sealed partial class Vae
{
    // The gradient of L_k is the sum over the samples of (w_i / sum w) grad log w_i (Burda, Grosse and Salakhutdinov 2016, equation 14): an
    // expectation, which some samples drawn in proportion to w_i estimate without bias.
    private VaeLosses Resampled(Tensor x, VaeObjective objective, RandomStream random)
    {
        (int batch, int samples, int drawn) = (x.Shape[0], objective.Samples, objective.Resampled);
        (Tensor mean, Tensor logVariance) = Encoder.Parameterize(x);
        Tensor noise = Noise(mean, samples, random);
        float[] places = random.Uniform(batch);
        double[] logWeights;
        (double Bound, double Reconstruction, double Divergence) value;
        using (new Tape(x.Device, record: false))
        {
            (Tensor logLikelihood, Tensor logRatio) = LogWeights(x, mean, logVariance, noise, objective);
            Tensor weights = Weights(logLikelihood, logRatio, objective);
            logWeights = weights.ToDoubles();
            value = ((weights.LogSumExp(0) - Math.Log(samples)).Mean().Item(), logLikelihood.Mean().Item(), logRatio.Mean().Item());
        }

        int[] chosen = SystematicResampling.Draw(logWeights, samples, batch, drawn, places);
        Tensor chosenNoise = noise.Reshape(samples * batch, Latent).Gather(Tensor.From(chosen, [drawn * batch]))
            .Reshape(drawn, batch, Latent);
        (Tensor chosenLikelihood, Tensor chosenRatio) = LogWeights(x, mean, logVariance, chosenNoise, objective);
        Tensor surrogate = -Weights(chosenLikelihood, chosenRatio, objective).Mean();

        // Its gradient is the surrogate's, its value that of the bound over all samples.
        Tensor loss = surrogate - surrogate.Detach() - value.Bound;
        return new VaeLosses(loss, Tensor.Full([], -value.Reconstruction, x.DType), Tensor.Full([], -value.Divergence, x.DType));
    }
}
