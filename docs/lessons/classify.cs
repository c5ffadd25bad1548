#:project ../../Engine.Models
#:property PublishAot=false

// A classifier of digits, to judge generated ones with: dotnet run docs/lessons/classify.cs -- [--data digits|mnist|PATH] [--help]. See dcgan.md.
using System.Globalization;
using Engine.Autograd.Nn;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Training;

ProgramInfo info = new("classify", "A convolutional network learns to tell digits apart; dcgan.cs counts the classes of its samples with it.", Epochs: 8, Batch: 128);
return TrainingProgram.Run(args, info, Train);

static void Train(TrainingRun run)
{
    const int Side = DigitClassifier.Side;
    ImageDataset train = run.LoadImages(Side, Side, channels: 1), test = run.LoadImages(Side, Side, channels: 1, split: "test");
    using DigitClassifier classifier = new(new ModuleOptions(run.Random, run.Device));
    BatchLoader batches = run.Batches(train);

    int total = run.Epochs * batches.BatchesPerEpoch, step = 0;
    foreach (int epoch in run.EpochNumbers())
    {
        foreach (Batch batch in batches.Epoch(epoch))
        {
            double loss = classifier.Step(batch.Images, batch.Labels, done: (double)step++ / total);
            run.Progress.Report(batch.Index, batch.Total, batch.Count, ("loss", loss));
            if (run.IsStopping) break;
        }

        run.Print(string.Create(CultureInfo.InvariantCulture, $"Test images that are classified rightly: {100 * classifier.Accuracy(test):F2} %"));
        classifier.Save(Path.Combine(run.Output.Path, "classifier.safetensors"));
    }
}
