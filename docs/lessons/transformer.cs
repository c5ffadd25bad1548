#:project ../../Engine.Models
#:property PublishAot=false

// A Transformer learns to write: dotnet run docs/lessons/transformer.cs -- [--data sentences|shakespeare|FILE] [--prompt TEXT] [--help].
// See transformer.md.
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;

TransformerCommandLine program = new(args);
return TrainingProgram.Run(args, program.Info, run => Train(run, program), program.All);

static void Train(TrainingRun run, TransformerCommandLine program)
{
    TextDataset text = run.LoadText();
    TransformerOptions extents = program.Extents(run, text.Vocabulary.Count);
    TextWindows pieces = new(text.Train, run.Batch, extents.Block, run.Seed),
        validation = new(text.Validation, run.Batch, Math.Min(extents.Block, text.Validation.Length - 1));
    (string prompt, int length, TokenSampling sampling) = program.Sampling(run, text);
    int[] beginning = text.Vocabulary.Encode(prompt);

    using Transformer model = new(extents, new ModuleOptions(run.Random, run.Device));
    run.LoadWeights(model, "training.model");
    using TransformerTraining training = new(model, program.Training(run));
    TextGenerator generator = new(model);

    Trainer trainer = run.Trainer(("training", training), ("pieces", pieces));
    foreach (int epoch in trainer.Epochs())
    {
        foreach (int _ in trainer.Steps(program.Steps(run), run.Batch))
        {
            var (loss, norm) = training.Step(pieces.Next());
            trainer.Report(("loss", loss), ("gradient_norm", norm));
        }

        trainer.Record("validation_loss", training.Validate(validation, run.Stopping));
        run.Print(Sample(Math.Min(length, 200), epoch));
    }

    if (run.IsStopping) return;
    run.SaveWeights(model, TransformerFile.Describe(model, text.Vocabulary));
    string sample = Sample(length, 0);
    run.Output.SaveText("sample.txt", sample);
    run.Print(sample);

    // A sample is a function of the seed and its number, so that drawing one changes nothing in the training.
    string Sample(int count, int number) => prompt + text.Vocabulary.Decode(
        generator.Continue(beginning, count, sampling, run.Random.Split("samples").Split(number), cancellation: run.Stopping));
}
