using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial.Autoencoders;

/// <summary>What an adversarial autoencoder does with classes.</summary>
public enum LatentClasses
{
    /// <summary>There are none: the latent space is Gaussian.</summary>
    None,

    /// <summary>
    /// The decoder gets the label of each image, so that the Gaussian part is left with the style (section 4 of the paper).
    /// </summary>
    Given,

    /// <summary>The encoder infers the class, a categorical part of the latent space with a discriminator of its own (section 5).</summary>
    Inferred,
}

/// <summary>
/// The encoder of an adversarial autoencoder: flat images to a Gaussian part, and where classes are inferred to the logits of a
/// categorical one. It is a function without chance; the prior is matched over all images together.
/// </summary>
public sealed class AutoencoderEncoder : Module
{
    private readonly Sequential _body;
    private readonly Linear _style;
    private readonly Linear? _classes;

    /// <summary>Creates the encoder: two hidden layers with ReLU.</summary>
    /// <param name="pixels">Elements of an image.</param>
    /// <param name="latent">Dimensions of the Gaussian part.</param>
    /// <param name="classes">The number of classes that are inferred; 0 for none.</param>
    /// <param name="hidden">Features of a hidden layer.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public AutoencoderEncoder(int pixels, int latent, int classes, int hidden, ModuleOptions options)
    {
        _body = AddModule("body", new Sequential(
            new Linear(pixels, hidden, options, weightInitializer: Initializers.HeNormal), new Relu(),
            new Linear(hidden, hidden, options, weightInitializer: Initializers.HeNormal), new Relu()));
        _style = AddModule("style", new Linear(hidden, latent, options));
        if (classes > 0) _classes = AddModule("classes", new Linear(hidden, classes, options));
    }

    /// <summary>The Gaussian part, [images, latent].</summary>
    /// <param name="x">[images, pixels].</param>
    public override Tensor Forward(Tensor x) => Encode(x).Style;

    /// <summary>Both parts.</summary>
    /// <param name="x">[images, pixels].</param>
    /// <returns>
    /// The Gaussian part [images, latent], and the logits of the classes [images, classes], null where none are inferred.
    /// </returns>
    public (Tensor Style, Tensor? ClassLogits) Encode(Tensor x)
    {
        Tensor features = _body.Forward(x);
        return (_style.Forward(features), _classes?.Forward(features));
    }
}

/// <summary>The decoder of an adversarial autoencoder: [z, weights of the classes] to the logits of pixels.</summary>
public sealed class AutoencoderDecoder : Module
{
    private readonly Sequential _layers;

    /// <summary>Creates the decoder: two hidden layers with ReLU.</summary>
    /// <param name="pixels">Elements of an image.</param>
    /// <param name="latent">Dimensions of the Gaussian part.</param>
    /// <param name="classes">The number of classes; 0 for none.</param>
    /// <param name="hidden">Features of a hidden layer.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public AutoencoderDecoder(int pixels, int latent, int classes, int hidden, ModuleOptions options) =>
        _layers = AddModule("layers", new Sequential(
            new Linear(latent + classes, hidden, options, weightInitializer: Initializers.HeNormal), new Relu(),
            new Linear(hidden, hidden, options, weightInitializer: Initializers.HeNormal), new Relu(),
            new Linear(hidden, pixels, options)));

    /// <summary>The logits of pixels, [images, pixels].</summary>
    /// <param name="x">[images, latent + classes].</param>
    public override Tensor Forward(Tensor x) => _layers.Forward(x);

    /// <summary>The logits of pixels from both parts.</summary>
    /// <param name="style">[images, latent].</param>
    /// <param name="classes">[images, classes], of sum 1; null where there are none.</param>
    public Tensor Decode(Tensor style, Tensor? classes) => Forward(classes is null ? style : Tensor.Concat(-1, style, classes));
}
