namespace Engine.Tests.Variational;

public sealed class LatentTests : IsolatedTests
{
    private readonly Vae _vae;

    public LatentTests() => _vae = TinyVae.Make(Cpu);

    public override void Dispose()
    {
        _vae.Dispose();
        base.Dispose();
    }

    [Fact]
    public void An_interpolation_goes_from_one_end_to_the_other()
    {
        float[] way = Interpolation.Between(_vae, [1, 2], [-1, 0], 5);
        Assert.Equal(5 * 3, way.Length);
        Assert.Equal(_vae.Decode([1, 2]), way[..3]);
        Assert.Equal(_vae.Decode([0, 1]), way[6..9]);
        Assert.Equal(_vae.Decode([-1, 0]), way[12..]);
        Assert.Throws<ArgumentOutOfRangeException>(() => Interpolation.Between(_vae, [1, 2], [-1, 0], 1));
        Assert.Throws<ArgumentException>(() => Interpolation.Between(_vae, [1, 2], [-1], 3));
    }

    [Fact]
    public void A_traversal_moves_one_dimension_and_holds_the_others()
    {
        float[] walks = new LatentTraversal { Reach = 2, Steps = 3 }.Decode(_vae, [0.5f, -1], 1, 0);
        Assert.Equal(_vae.Decode([0.5f, -2, 0.5f, 0, 0.5f, 2, -2, -1, 0, -1, 2, -1]), walks);
        Assert.Throws<ArgumentException>(() => new LatentTraversal().Decode(_vae, [0.5f, -1], 2));
        Assert.Throws<ArgumentException>(() => new LatentTraversal().Decode(_vae, [0.5f], 0));
    }

    [Fact]
    public void A_map_covers_the_prior_in_parts_of_one_probability()
    {
        float[] map = LatentMap.Decode(_vae, 3);
        float third = -0.96742157f;
        Assert.Equal(_vae.Decode([third, -third]), map[..3]);
        Assert.Equal(_vae.Decode([0, 0]), map[12..15]);
        Assert.Equal(_vae.Decode([-third, third]), map[24..]);
        using Vae other = TinyVae.Make(Cpu, latent: 1);
        Assert.Throws<ArgumentException>(() => LatentMap.Decode(other, 3));
    }

    [Fact]
    public void Activity_is_the_variance_of_the_means()
    {
        LatentActivity activity = new([0, 1, 5, 0, 3, 5, 0.01f, 2, 5], latent: 3);
        Assert.Equal(2 / 3.0, activity.Variances[1], 1e-12);
        Assert.Equal(0, activity.Variances[2]);
        Assert.Equal(1, activity.Active);
        Assert.Equal([1, 0, 2], activity.Ranked);
        Assert.Throws<ArgumentException>(() => new LatentActivity([1, 2, 3], latent: 2));
    }

    [Fact]
    public void Pictures_have_the_size_of_their_grids()
    {
        using Vae vae = Flat();
        VaePictures pictures = new(vae, new ImageSize(1, 3, 1));
        float[] images = TinyVae.Copies([1, 0, 1], 8);
        Assert.Equal((Step(3, 4), Step(1, 4)), Size(pictures.Reconstructions(images, columns: 4)));
        Assert.Equal((Step(3, 3), Step(1, 2)), Size(pictures.Samples(6, new RandomStream(1))));
        Assert.Equal((Step(3, 5), Step(1, 4)), Size(pictures.Interpolations(images, steps: 3)));
        Assert.Equal((Step(3, 11), Step(1, 2)), Size(pictures.Traversals(images)));
        Assert.Equal((3 * 4, 4), Size(pictures.Map(side: 4)));
        Assert.Contains(">7</text>", pictures.Scatter(images, [0, 1, 2, 3, 4, 5, 6, 7]).ToSvg());

        // Grey values show as they are: the first image and its reconstruction, whose pixels are all at 1/2.
        Picture reconstruction = pictures.Reconstructions(images, columns: 4);
        Assert.Equal(255, reconstruction.Row(2)[2]);
        Assert.Equal(0, reconstruction.Row(2)[4]);
        Assert.Equal(128, reconstruction.Row(2 + 4)[2]);

        // With magnification 2 and 2 pixels around each.
        static int Step(int length, int count) => (count * ((2 * length) + 2)) + 2;
    }

    private static (int Width, int Height) Size(Picture picture) => (picture.Width, picture.Height);

    private Vae Flat()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        return new Vae(new GaussianEncoder(new Linear(3, 2, options), 2, 2, options),
            new Linear(2, 3, options, true, Initializers.Zeros, Initializers.Zeros));
    }
}
