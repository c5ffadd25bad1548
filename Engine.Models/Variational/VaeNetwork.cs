namespace Engine.Models.Variational;

/// <summary>The networks that the lesson on VAEs knows.</summary>
public enum VaeNetwork
{
    /// <summary>Two hidden layers of 128 in encoder and decoder.</summary>
    FullyConnected,

    /// <summary>Strided convolutions and their transposes.</summary>
    Convolutional,

    /// <summary>The one-layer model of Burda, Grosse and Salakhutdinov (2016); see <see cref="IwaeRecipe"/>.</summary>
    Iwae,
}
