using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Variational.Sequences;

/// <summary>
/// A map of sequences in which no step sees a later one. A latent z, where it takes one, says something of the whole sequence to every
/// step. It serves as an encoder, whose last step has seen all, and as a decoder, whose steps say what comes next.
/// </summary>
public abstract class CausalNetwork : Module
{
    private protected CausalNetwork(int features, int latent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(latent);
        (Features, Latent) = (features, latent);
    }

    /// <summary>Features of a step that comes out.</summary>
    public int Features { get; }

    /// <summary>Dimensions of z; 0 where it takes none.</summary>
    public int Latent { get; }

    /// <summary>The features of every step: [batch, steps, features].</summary>
    /// <param name="x">[batch, steps, inputs].</param>
    /// <param name="z">[batch, latent]; null where the network takes none.</param>
    /// <exception cref="ArgumentException">There is a latent where none is taken, or none where one is, or a shape does not
    /// fit.</exception>
    public abstract Tensor Forward(Tensor x, Tensor? z);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>Begins to go through sequences step by step, each step depending on what came of the one before.</summary>
    /// <param name="z">[batch, latent]; null where the network takes none.</param>
    /// <param name="batch">How many sequences.</param>
    internal abstract ICausalSteps Begin(Tensor? z, int batch);

    private protected void Check(Tensor? z, int batch)
    {
        if (z is null && Latent == 0) return;
        if (z is null || Latent == 0 || z.Shape.Rank != 2 || z.Shape[0] != batch || z.Shape[1] != Latent) throw new ArgumentException(
            $"{GetType().Name}: expected {(Latent == 0 ? "no latent" : $"a latent [{batch}, {Latent}]")}, found "
            + $"{(z is null ? "none" : z.Shape)}.");
    }
}

/// <summary>A walk through sequences, whose tensors are those of the open tape.</summary>
internal interface ICausalSteps : IDisposable
{
    /// <summary>The features of the next step, [batch, 1, features] for [batch, 1, inputs].</summary>
    Tensor Next(Tensor x);
}
