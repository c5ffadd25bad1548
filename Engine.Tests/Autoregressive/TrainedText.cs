using Engine.Models.Autoregressive.Text;

namespace Engine.Tests.Autoregressive;

/// <summary>A small recurrent network in training on a text of its own.</summary>
internal sealed class TrainedCharacterRnn : TrainedModel
{
    private readonly CharacterRnn _model;
    private readonly CharacterRnnTraining _training;

    public TrainedCharacterRnn(TrainingRun run)
    {
        // Short, so that the streams begin anew in the middle of an epoch.
        int[] text = [.. Enumerable.Range(0, 200).Select(i => i * i % 11)];
        _model = new CharacterRnn(11, 8, new ModuleOptions(run.Random, run.Device), dropout: 0.2);
        _training = Part("training", new CharacterRnnTraining(_model, new TextStreams(text, 4, 12), 24));
    }

    public override Reading Step(Batch batch) => _training.Step();

    public override float[] Sample(CancellationToken stop)
    {
        int[] written = _model.Sample([0], 20, new TokenSampling(), new RandomStream(1), cancellation: stop);
        return [.. Enumerable.Range(0, 28 * 28).Select(i => written[i % written.Length] / 11f)];
    }

    public override void Dispose()
    {
        base.Dispose();
        _model.Dispose();
    }
}

/// <summary>A small Transformer in training on a text of its own.</summary>
internal sealed class TrainedTransformer : TrainedModel
{
    private readonly Transformer _model;
    private readonly TransformerTraining _training;
    private readonly TextWindows _windows;

    public TrainedTransformer(TrainingRun run)
    {
        TextDataset text = TextDatasets.Load("sentences", new DataOptions { Count = 2000 });
        TransformerOptions extents = new(text.Vocabulary.Count) { Block = 16, Layers = 2, Heads = 2, Width = 16, Dropout = 0.1 };
        _model = new Transformer(extents, new ModuleOptions(run.Random, run.Device));
        _training = Part("training", new TransformerTraining(_model, new TransformerTrainingOptions(24) { WarmUp = 5 }));
        _windows = Part("windows", new TextWindows(text.Train, 4, 16, run.Seed));
    }

    public override Reading Step(Batch batch) => _training.Step(_windows.Next()).Loss;

    public override float[] Sample(CancellationToken stop)
    {
        int[] tokens = new TextGenerator(_model).Continue([0], 20, new TokenSampling(), new RandomStream(1), cancellation: stop);
        return [.. Enumerable.Range(0, 28 * 28).Select(i => tokens[i % tokens.Length] / 50f)];
    }

    public override void Dispose()
    {
        base.Dispose();
        _model.Dispose();
    }
}
