using Engine.Autograd.Checks;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Variational;

namespace Engine.Tests.Variational;

public sealed class VaeGradientTests : IDisposable
{
    private readonly CpuDevice _cpu = new(1);
    private readonly Vae _vae;

    public VaeGradientTests() => _vae = TinyVae.Make(_cpu);

    public static TheoryData<VaeObjective> Objectives => new(
        new VaeObjective(),
        new VaeObjective { Beta = 3.5 },
        new VaeObjective { Samples = 4 },
        new VaeObjective { Reconstruction = Reconstruction.SquaredError, Beta = 0.3 },
        new VaeObjective { Samples = 4, ImportanceWeighted = true },
        new VaeObjective { Samples = 3, ImportanceWeighted = true, Beta = 0.5, Reconstruction = Reconstruction.SquaredError });

    public void Dispose()
    {
        _vae.Dispose();
        _cpu.Dispose();
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Gradients_of_the_parameters_are_those_of_central_differences(VaeObjective objective)
    {
        Random random = new(5);
        double[][] gradients;
        using (Tape tape = new(_cpu)) gradients =
            [.. tape.Gradients(Loss(objective), _vae.Parameters).Select(gradient => gradient.ToDoubles())];
        for (int i = 0; i < _vae.Parameters.Count; i++)
        {
            Parameter parameter = _vae.Parameters[i];
            double[] at = parameter.ToDoubles(), direction = [.. at.Select(_ => random.NextDouble() - 0.5)];
            double numeric = (Moved(parameter, at, direction, 1e-5) - Moved(parameter, at, direction, -1e-5)) / 2e-5;
            double predicted = gradients[i].Zip(direction, (g, d) => g * d).Sum();
            Assert.Equal(numeric, predicted, 1e-6 * Math.Max(1, Math.Abs(numeric)));
            Moved(parameter, at, direction, 0);
        }

        double Moved(Parameter parameter, double[] at, double[] direction, double step)
        {
            parameter.Storage.CopyFrom<double>([.. at.Zip(direction, (x, d) => x + (step * d))]);
            using Tape tape = new(_cpu, record: false);
            return Loss(objective).Item();
        }
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Gradients_of_the_images_are_right_to_the_second_order(VaeObjective objective)
    {
        using Tensor images = Tensor.From([0.3, 0.6, 0.9, 0.8, 0.2, 0.45], [2, TinyVae.Pixels], _cpu);
        GradCheck.Run(x => _vae.Losses(x[0], objective, new RandomStream(7)).Loss, [images]).ThrowIfFailed();
    }

    // The noise is the same at every call: the stream begins anew.
    private Tensor Loss(VaeObjective objective) => _vae.Losses(
        Tensor.From(TinyVae.Images, [4, TinyVae.Pixels]).Cast(DType.Float64), objective, new RandomStream(7)).Loss;
}
