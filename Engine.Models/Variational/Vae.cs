using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

/// <summary>
/// A variational autoencoder (Kingma and Welling 2013, arXiv:1312.6114): an encoder q(z|x) and a decoder p(x|z), trained together on a
/// lower bound of log p(x), with a standard normal prior on z.
/// </summary>
public sealed partial class Vae : Module
{
    /// <summary>Joins an encoder and a decoder.</summary>
    /// <param name="encoder">q(z|x).</param>
    /// <param name="decoder">From z [samples, latent] to logits [samples, ...] of the pixels.</param>
    public Vae(GaussianEncoder encoder, Module decoder)
    {
        Encoder = AddModule("encoder", encoder);
        Decoder = AddModule("decoder", decoder);
    }

    /// <summary>q(z|x).</summary>
    public GaussianEncoder Encoder { get; }

    /// <summary>From z to the logits of the pixels.</summary>
    public Module Decoder { get; }

    /// <summary>Dimensions of z.</summary>
    public int Latent => Encoder.Latent;

    /// <summary>The reconstruction: the decoder's pixels, in [0, 1], at the mean of q(z|x).</summary>
    public override Tensor Forward(Tensor x) => Decode(Encoder.Forward(x));

    /// <summary>The pixels, in [0, 1], that the decoder gives for z: [samples, ...] for [samples, latent].</summary>
    public Tensor Decode(Tensor z) => Decoder.Forward(z).Sigmoid();

    /// <summary>New images: the decoder's pixels at z drawn from the prior.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">Where z comes from.</param>
    public Tensor Sample(int count, RandomStream random)
    {
        Parameter any = Parameters[0];
        return Decode(Tensor.Normal([count, Latent], random, dtype: any.DType, device: any.Device));
    }
}
