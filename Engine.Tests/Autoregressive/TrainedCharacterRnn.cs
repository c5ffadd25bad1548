using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Tests.Training;

namespace Engine.Tests.Autoregressive;

/// <summary>
/// A small recurrent network in training on a text of its own, to be stopped, killed and resumed: <see cref="TrainedPrograms"/>.
/// </summary>
internal sealed class TrainedCharacterRnn : IStateful, IDisposable
{
    private readonly CharacterRnn _model;
    private readonly CharacterRnnTraining _training;

    public TrainedCharacterRnn(TrainingRun run)
    {
        // Short, so that the streams begin anew in the middle of an epoch.
        int[] text = [.. Enumerable.Range(0, 200).Select(i => i * i % 11)];
        _model = new CharacterRnn(11, 8, new ModuleOptions(run.Random, run.Device), dropout: 0.2);
        _training = new CharacterRnnTraining(_model, new TextStreams(text, 4, 12), 24);
    }

    public Reading Step() => _training.Step();

    public float[] Sample()
    {
        int[] written = _model.Sample([0], 20, new TokenSampling(), new RandomStream(1));
        return [.. Enumerable.Range(0, 28 * 28).Select(i => written[i % written.Length] / 11f)];
    }

    public void VisitState(StateVisitor visitor) => _training.VisitState(visitor);

    public void Dispose()
    {
        _training.Dispose();
        _model.Dispose();
    }
}
