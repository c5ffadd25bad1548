using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Variational;

/// <summary>
/// q(z|x) = N(mean(x), e^logVariance(x)), a Gaussian with independent dimensions whose parameters a network computes
/// (Kingma and Welling 2013, arXiv:1312.6114, section 3).
/// </summary>
public sealed class GaussianEncoder : Module
{
    private readonly Module _body;
    private readonly Linear _mean;
    private readonly Linear _logVariance;
    private readonly (double Low, double High)? _logVariances;

    /// <summary>Adds the two heads to a network.</summary>
    /// <param name="body">From images to features [samples, features].</param>
    /// <param name="features">The number of features.</param>
    /// <param name="latent">Dimensions of z.</param>
    /// <param name="options">Device, element type and random stream; those of the body.</param>
    /// <param name="weightInitializer">The initialiser of the weights of the heads; null takes their default.</param>
    /// <param name="biasInitializer">The initialiser of their biases; null takes their default.</param>
    /// <param name="logVariances">What log-variances are held between; null for nothing.</param>
    /// <exception cref="ArgumentException">The lower of the two is above the higher.</exception>
    public GaussianEncoder(
        Module body, int features, int latent, ModuleOptions options, Initializer? weightInitializer = null,
        Initializer? biasInitializer = null, (double Low, double High)? logVariances = null)
    {
        if (logVariances is var (low, high) && !(low <= high)) throw new ArgumentException(
            $"GaussianEncoder: expected a lower bound of log-variances that is not above the upper one, found {low} and {high}.");
        (Latent, _logVariances) = (latent, logVariances);
        _body = AddModule("body", body);
        _mean = AddModule("mean", new Linear(features, latent, options, true, weightInitializer, biasInitializer));
        _logVariance = AddModule("logvar", new Linear(features, latent, options, true, weightInitializer, biasInitializer));
    }

    /// <summary>The network below the heads.</summary>
    public Module Body => _body;

    /// <summary>Features that it gives the heads.</summary>
    public int Features => _mean.Weight.Shape[0];

    /// <summary>Dimensions of z.</summary>
    public int Latent { get; }

    /// <summary>The mean of q(z|x): [samples, latent].</summary>
    public override Tensor Forward(Tensor x) => _mean.Forward(_body.Forward(x));

    /// <summary>Mean and log-variance of q(z|x): [samples, latent] each.</summary>
    public (Tensor Mean, Tensor LogVariance) Parameterize(Tensor x)
    {
        Tensor features = _body.Forward(x);
        Tensor logVariance = _logVariance.Forward(features);
        return (_mean.Forward(features), _logVariances is var (low, high) ? logVariance.Clamp(low, high) : logVariance);
    }
}
