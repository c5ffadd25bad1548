namespace Engine.Tests.Variational;

/// <summary>A VAE small enough to integrate and to differentiate by differences.</summary>
internal static class TinyVae
{
    internal const int Pixels = 3;

    internal static readonly float[] Images = [1, 0, 1, 0, 0, 1, 1, 1, 0, 0.25f, 0.5f, 1];

    /// <summary>3-4-latent and back, with tanh, in float64; weights wide enough that pixels depend on z.</summary>
    internal static Vae Make(Device device, int latent = 2, long seed = 3, double width = 0.8)
    {
        ModuleOptions options = ModuleOptions.FromSeed(seed, device) with { DType = DType.Float64 };
        Initializer normal = Initializers.Normal(0, width);
        GaussianEncoder encoder = new(
            new Sequential(new Linear(Pixels, 4, options, true, normal, normal), new Tanh()), 4, latent, options, normal, normal);
        return new Vae(encoder, new Sequential(
            new Linear(latent, 4, options, true, normal, normal), new Tanh(), new Linear(4, Pixels, options, true, normal, normal)));
    }

    /// <summary>
    /// As <see cref="Make"/>, with one latent and a q(z|x) of variance 2 and a mean near 0: it covers the prior, so that importance weights
    /// are small and their means converge.
    /// </summary>
    internal static Vae MakeWide(Device device, long seed = 3)
    {
        Vae vae = Make(device, latent: 1, seed);
        Dictionary<string, Parameter> parameters = vae.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter);
        parameters["encoder.mean.weight"].Set([0.1f, -0.1f, 0.1f, -0.1f]);
        parameters["encoder.mean.bias"].Set([0.3f]);
        parameters["encoder.logvar.weight"].Set(new float[4]);
        parameters["encoder.logvar.bias"].Set([MathF.Log(2)]);
        return vae;
    }

    /// <summary>So many copies of one image: independent draws of a bound for the price of one pass.</summary>
    internal static float[] Copies(ReadOnlySpan<float> image, int count)
    {
        float[] copies = new float[count * image.Length];
        for (int i = 0; i < count; i++) image.CopyTo(copies.AsSpan(i * image.Length));
        return copies;
    }
}
