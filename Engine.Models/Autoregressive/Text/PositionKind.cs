namespace Engine.Models.Autoregressive.Text;

/// <summary>How a Transformer is told where a token stands.</summary>
public enum PositionKind
{
    /// <summary>A vector for each position, trained with everything else.</summary>
    Learned,

    /// <summary>Sines and cosines of wavelengths from 2 pi to 20,000 pi (Vaswani et al. 2017, arXiv:1706.03762, section 3.5).</summary>
    Sinusoidal,
}
