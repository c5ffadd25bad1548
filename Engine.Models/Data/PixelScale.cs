namespace Engine.Models.Data;

/// <summary>How the bytes of an image become the floats of a batch.</summary>
public enum PixelScale
{
    /// <summary>x / 127.5 - 1, in [-1, 1]: for generators that end in tanh.</summary>
    SignedUnit,

    /// <summary>x / 255, in [0, 1].</summary>
    Unit,

    /// <summary>
    /// 1 with probability x / 255, else 0, drawn anew in every epoch from the seed (dynamic binarisation, Burda, Grosse and Salakhutdinov
    /// 2016).
    /// </summary>
    Bernoulli,

    /// <summary>1 from 128 on, else 0.</summary>
    Threshold,
}
