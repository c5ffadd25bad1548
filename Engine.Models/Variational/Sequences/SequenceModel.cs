using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Variational.Sequences;

/// <summary>
/// An autoregressive model of whole sequences: p(x|z) is the product over t of p(x_t | x before t, z). It is the decoder of a
/// <see cref="SequenceVae"/>; with a network that takes no latent it is a model by itself, p(x), whose likelihood is exact.
/// </summary>
public sealed class SequenceModel : Module
{
    /// <summary>Joins the parts.</summary>
    /// <param name="elements">What sequences consist of.</param>
    /// <param name="network">From elements that were read, and a latent where it takes one, to features.</param>
    public SequenceModel(SequenceElements elements, CausalNetwork network)
    {
        Elements = AddModule("elements", elements);
        Network = AddModule("network", network);
    }

    /// <summary>What sequences consist of.</summary>
    public SequenceElements Elements { get; }

    /// <summary>The network.</summary>
    public CausalNetwork Network { get; }

    /// <summary>Dimensions of z; 0 for a model without latents.</summary>
    public int Latent => Network.Latent;

    /// <summary>The parameters of the distribution of each next element, from inputs as those of a batch, without a latent.</summary>
    public override Tensor Forward(Tensor x) => Elements.Parameterize(Network.Forward(Elements.Embed(x)));

    /// <summary>log p(x|z) of each sequence, in nats: [batch].</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="z">[batch, latent]; null for a model without latents.</param>
    /// <exception cref="ArgumentException">There is a latent where none is taken, or none where one is, or a shape does not
    /// fit.</exception>
    public Tensor LogLikelihood(SequenceBatch batch, Tensor? z = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Elements.LogLikelihood(Elements.Parameterize(Network.Forward(Elements.Embed(batch.Inputs), z)), batch.Targets);
    }

    /// <summary>Begins to write sequences element by element.</summary>
    internal ICausalSteps Begin(Tensor? z, int batch) => Network.Begin(z, batch);
}
