using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational.Sequences;

/// <summary>Writes series with a <see cref="SequenceModel"/> of <see cref="ValueElements"/>, value by value.</summary>
/// <param name="model">The model: the decoder of a VAE, or one without latents.</param>
public sealed class SeriesWriter(SequenceModel model)
{
    /// <summary>Writes series at latents.</summary>
    /// <param name="latents">[series, latent]; empty for a model without latents.</param>
    /// <param name="count">How many series; at least 1.</param>
    /// <param name="length">Steps of each; at least 1.</param>
    /// <param name="random">The source of the draws; null takes the mean of each step, which is what the model goes on from.</param>
    /// <returns>The series, one after another.</returns>
    /// <exception cref="ArgumentException">There is not one latent for each series.</exception>
    public float[] Write(ReadOnlySpan<float> latents, int count, int length, RandomStream? random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (latents.Length != (long)count * model.Latent) throw new ArgumentException(
            $"SeriesWriter: latents of {model.Latent} values for each of {count} series were expected, found {latents.Length} values.");
        Parameter any = model.Parameters[0];
        using IDisposable evaluation = model.Evaluating();
        using Tape tape = new(any.Device, record: false);
        Tensor? z = model.Latent == 0 ? null : Tensor.From(latents, [count, model.Latent]).Cast(any.DType);
        using ICausalSteps steps = model.Begin(z, count);
        Tensor read = Tensor.Zeros([count, 1, 2], any.DType, any.Device), known = Tensor.Ones([count, 1, 1], any.DType, any.Device);
        float[] written = new float[count * length];
        for (int step = 0; step < length; step++)
        {
            (Tensor mean, Tensor logVariance) =
                ValueElements.Split(model.Elements.Parameterize(steps.Next(model.Elements.Embed(read))));
            Tensor value = random is null ? mean
                : Sampling.Reparameterize(mean, logVariance, Tensor.Normal(mean.Shape, random, dtype: mean.DType));
            float[] values = value.Cast(DType.Float32).ToArray();
            for (int i = 0; i < count; i++) written[(i * length) + step] = values[i];
            read = Tensor.Concat(2, value.Reshape(count, 1, 1), known);
        }

        return written;
    }
}
