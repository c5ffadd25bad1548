using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Tests.Training;

namespace Engine.Tests.Autoregressive;

/// <summary>
/// A small Transformer in training on a text of its own, to be stopped, killed and resumed: <see cref="TrainedPrograms"/>.
/// </summary>
internal sealed class TrainedTransformer : IStateful, IDisposable
{
    private readonly Transformer _model;
    private readonly TransformerTraining _training;
    private readonly TextWindows _windows;

    public TrainedTransformer(TrainingRun run)
    {
        TextDataset text = TextDatasets.Load("sentences", new DataOptions { Count = 2000 });
        TransformerOptions extents = new(text.Vocabulary.Count) { Block = 16, Layers = 2, Heads = 2, Width = 16, Dropout = 0.1 };
        _model = new Transformer(extents, new ModuleOptions(run.Random, run.Device));
        _training = new TransformerTraining(_model, new TransformerTrainingOptions(24) { WarmUp = 5 });
        _windows = new TextWindows(text.Train, 4, 16, run.Seed);
    }

    public Reading Step() => _training.Step(_windows.Next()).Loss;

    public float[] Sample()
    {
        int[] tokens = new TextGenerator(_model).Continue([0], 20, new TokenSampling(), new RandomStream(1));
        return [.. Enumerable.Range(0, 28 * 28).Select(i => tokens[i % tokens.Length] / 50f)];
    }

    public void VisitState(StateVisitor visitor)
    {
        visitor.Part("training", _training);
        visitor.Part("windows", _windows);
    }

    public void Dispose()
    {
        _training.Dispose();
        _model.Dispose();
    }
}
