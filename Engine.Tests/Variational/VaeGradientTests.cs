namespace Engine.Tests.Variational;

public sealed class VaeGradientTests : IsolatedTests
{
    private readonly Vae _vae;

    public VaeGradientTests() => _vae = TinyVae.Make(Cpu);

    public static TheoryData<VaeObjective> Objectives => new(
        new VaeObjective(),
        new VaeObjective { Beta = 3.5 },
        new VaeObjective { Samples = 4 },
        new VaeObjective { Reconstruction = Reconstruction.SquaredError, Beta = 0.3 },
        new VaeObjective { Samples = 4, ImportanceWeighted = true },
        new VaeObjective { Samples = 3, ImportanceWeighted = true, Beta = 0.5, Reconstruction = Reconstruction.SquaredError });

    public override void Dispose()
    {
        _vae.Dispose();
        base.Dispose();
    }

    [Theory, MemberData(nameof(Objectives))]
    public void Gradients_of_the_parameters_are_those_of_central_differences(VaeObjective objective) =>
        Differences.AlongDirections(_vae, () => Loss(objective), 1e-6);

    [Theory, MemberData(nameof(Objectives))]
    public void Gradients_of_the_images_are_right_to_the_second_order(VaeObjective objective)
    {
        using Tensor images = Tensor.From([0.3, 0.6, 0.9, 0.8, 0.2, 0.45], [2, TinyVae.Pixels], Cpu);
        GradCheck.Run(x => _vae.Losses(x[0], objective, new RandomStream(7)).Loss, [images]).ThrowIfFailed();
    }

    // The noise is the same at every call: the stream begins anew.
    private Tensor Loss(VaeObjective objective) => _vae.Losses(
        Tensor.From(TinyVae.Images, [4, TinyVae.Pixels]).Cast(DType.Float64), objective, new RandomStream(7)).Loss;
}
