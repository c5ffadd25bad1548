#:project ../../Engine.Models
#:property PublishAot=false

// A classifier of digits, to judge generated ones with: dotnet run docs/lessons/classify.cs -- [--data digits|shapes|mnist|PATH] [--help].
// See dcgan.md.
using Engine.Autograd.Nn;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Training;

ProgramInfo info = new("classify",
    "A convolutional network learns to tell digits apart; dcgan.cs counts the classes of its samples with it.", Epochs: 5, Batch: 128);
return TrainingProgram.Run(args, info, Train);

static void Train(TrainingRun run)
{
    ImageDataset train = run.LoadImages(), test = run.LoadImages("test");
    if (train.Classes < 2) throw new DataException($"--data: expected images of at least 2 classes, found {train.Classes} in "
        + $"{train.Name}.");
    using DigitClassifier classifier = new(new ModuleOptions(run.Random, run.Device), train.Size, train.Classes);
    BatchLoader batches = run.Batches(train);

    double steps = run.Epochs * batches.BatchesPerEpoch;
    string path = Path.Combine(run.Output.Path, "classifier.safetensors");
    Trainer trainer = run.Trainer(classifier);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (Batch batch in trainer.Steps(batches))
            trainer.Report(("loss", classifier.Step(batch.Images, batch.Labels, done: trainer.Step / steps)));

        classifier.Save(path);
        trainer.Record("test_accuracy", classifier.Accuracy(test, run.Stopping));
    }

    // Once more, for a run that goes on in another folder when all its epochs are done.
    classifier.Save(path);
    run.Print($"The classifier is in {path}.");
}
