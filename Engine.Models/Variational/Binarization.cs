namespace Engine.Models.Variational;

/// <summary>How grey pixels become zeros and ones. A likelihood in nats only compares with others of the same kind.</summary>
public enum Binarization
{
    /// <summary>Not at all: x / 255.</summary>
    None,

    /// <summary>Drawn anew whenever an image is used, on with probability x / 255 (Burda, Grosse and Salakhutdinov 2016).</summary>
    Dynamic,

    /// <summary>
    /// Drawn once and for all, on with probability x / 255 (Salakhutdinov and Murray 2008): harder, because training sees fewer images.
    /// </summary>
    Static,

    /// <summary>On from 128 on.</summary>
    Threshold,
}
