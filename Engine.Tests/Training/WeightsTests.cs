namespace Engine.Tests.Training;

// What a run leaves for others to begin with: --from, weights.safetensors, --epochs 0.
[Collection("console")]
public sealed class WeightsTests : IsolatedTests
{
    // That of the average; 0 for a program that keeps none.
    private double _decay = 0.9;

    private string Trained => Folder["trained"];

    private string Later => Folder["later"];

    [Theory, Values("weights.safetensors", "checkpoint.safetensors", "")]
    public void A_run_begins_with_the_average_that_another_one_left_and_measures_without_training(string file)
    {
        float[] average = Ran(2, Trained, "--epochs", "1");
        Assert.Equal(average, Ran(2, Later, "--epochs", "0", "--from", Path.Combine(Trained, file)));
        Assert.Equal(["measured.html"], Directory.GetFiles(Later).Select(Path.GetFileName));
    }

    [Fact]
    public void Where_a_checkpoint_has_no_average_the_weights_are_taken()
    {
        _decay = 0;
        float[] last = Ran(2, Trained, "--epochs", "1");
        Assert.Equal(last, Ran(2, Later, "--epochs", "0", "--from", Path.Combine(Trained, "checkpoint.safetensors")));
    }

    [Fact]
    public void Measuring_in_the_folder_of_a_training_leaves_its_files_alone()
    {
        Ran(2, Trained, "--epochs", "1");
        string[] files = ["checkpoint.safetensors", "report.html", "weights.safetensors"];
        byte[][] before = [.. files.Select(file => File.ReadAllBytes(Path.Combine(Trained, file)))];
        Ran(2, Trained, "--epochs", "0", "--from", Trained);
        for (int i = 0; i < files.Length; i++) Assert.Equal(before[i], File.ReadAllBytes(Path.Combine(Trained, files[i])));
    }

    [Fact]
    public void Training_goes_on_from_them()
    {
        float[] average = Ran(2, Trained, "--epochs", "1");
        float[] trained = Ran(2, Later, "--epochs", "1", "--from", Trained);
        Assert.NotEqual(average, trained);
        Assert.NotEqual(Ran(2, Folder["anew"], "--epochs", "1"), trained);
    }

    [Fact]
    public void A_checkpoint_is_measured_without_training()
    {
        float[] average = Ran(2, Trained, "--epochs", "2");
        Assert.Equal(average, Ran(2, Trained, "--epochs", "0", "--resume"));
        Assert.Contains("Measured after 2 epochs.", File.ReadAllText(Path.Combine(Trained, "report.html")));
    }

    [Fact]
    public void A_resumed_run_has_the_weights_of_its_checkpoint()
    {
        Ran(2, Trained, "--epochs", "1");
        string[] from = ["--from", Path.Combine(Trained, "weights.safetensors")];
        float[] whole = Ran(2, Later, ["--epochs", "2", .. from]);
        Assert.Equal(whole, Ran(2, Later, ["--epochs", "2", "--resume", .. from]));
        Assert.Equal(whole, Ran(2, Later, "--epochs", "2", "--resume"));
    }

    [Theory, Values("weights.safetensors", "checkpoint.safetensors")]
    public void Two_networks_share_a_file_and_the_one_with_an_average_begins_with_it(string file)
    {
        (float[] a, float[] b, _) = RanTwo(Trained, "--epochs", "1");
        (float[] againA, float[] againB, string said) = RanTwo(Later, "--epochs", "0", "--from", Path.Combine(Trained, file));
        Assert.Equal(a, againA);
        Assert.Equal(b, againB);
        Assert.Contains(file[0] == 'c' ? "Begins with the average of the weights of" : "Begins with the weights of", said);
    }

    private (float[] A, float[] B, string Said) RanTwo(string folder, params string[] args)
    {
        ProgramInfo info = new("test", "A test.", 2, 25) { Digits = 100, TakesWeights = true };
        (float[] a, float[] b) = ([], []);
        string said = CapturedConsole.Of(() => TrainingProgram.Run([.. args, "--out", folder, "--device", "cpu:1"], info, run =>
        {
            ModuleOptions options = new(run.Random, run.Device);
            using Linear first = new(784, 2, options), second = new(784, 3, options);
            run.LoadWeights(("first", first), ("second", second));
            using Adam adam = new([.. first.Parameters, .. second.Parameters]);
            using ExponentialMovingAverage average = new(first, 0.9);
            BatchLoader batches = run.Batches(run.LoadImages(28, 28, channels: 1));
            Trainer trainer = run.Trainer(("first", first), ("second", second), ("adam", adam), ("first_average", average));
            foreach (int _ in trainer.Epochs())
            {
                foreach (Batch batch in trainer.Steps(batches))
                {
                    using Tape tape = new(run.Device);
                    Tensor x = Tensor.From(batch.Images, [batch.Count, 784]);
                    Tensor loss = first.Forward(x).Square().Mean() + second.Forward(x).Square().Mean();
                    adam.Step(tape.Gradients(loss, adam.Parameters));
                    average.Update();
                    trainer.Report(("loss", loss));
                }
            }

            using IDisposable averaged = average.Use();
            run.SaveWeights(("first", first), ("second", second));
            (a, b) = (first.Weight.ToArray(), second.Weight.ToArray());
        })).Success();
        return (a, b, said);
    }

    [Fact]
    public void Weights_of_another_network_are_refused_by_name()
    {
        Ran(2, Trained, "--epochs", "1");
        Refused("expected the shape [784, 3]", 3, "--epochs", "0", "--from", Trained);
        Refused("expected", 3, "--from", Path.Combine(Trained, "checkpoint.safetensors"));
    }

    [Fact]
    public void A_blank_path_is_refused() => Refused("--from must be the path of a file or a folder, was ''.", 2, "--from", "");

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Refused("no-such.safetensors", 2, "--from", Folder["no-such.safetensors"]);

    [Fact]
    public void No_epochs_need_weights_to_measure() =>
        Refused("--epochs 0 trains nothing: expected --from or --resume beside it, found neither.", 2, "--epochs", "0");

    [Fact]
    public void Programs_that_take_no_weights_have_no_such_option()
    {
        ProgramInfo info = new("test", "A test.", 1, 16);
        string error = CapturedConsole.Of(() => TrainingProgram.Run(["--from", "x"], info, _ => Assert.Fail("must not train"))).Failure();
        Assert.Contains("'--from'", error);
    }

    private void Refused(string sentence, int outputs, params string[] args)
    {
        string error = Run(outputs, Later, args, _ => Assert.Fail("must not be measured")).Failure();
        Assert.Contains(sentence, error);
        Assert.StartsWith("test: ", error);
    }

    private float[] Ran(int outputs, string folder, params string[] args)
    {
        float[] measured = [];
        Run(outputs, folder, args, weights => measured = weights).Success();
        return measured;
    }

    private (int Code, string Output, string Error) Run(int outputs, string folder, string[] args, Action<float[]> measure)
    {
        ProgramInfo info = new("test", "A test.", 2, 25) { Digits = 100, TakesWeights = true };
        return CapturedConsole.Of(() => TrainingProgram.Run([.. args, "--out", folder, "--device", "cpu:1"], info, run =>
        {
            using Linear model = new(784, outputs, new ModuleOptions(run.Random, run.Device));
            run.LoadWeights(model);
            using Adam adam = new(model.Parameters);
            using ExponentialMovingAverage average = new(model, _decay);
            BatchLoader batches = run.Batches(run.LoadImages(28, 28, channels: 1));
            LearningRateSchedule rate = LearningRateSchedules.Cosine(1e-2, run.AllSteps(batches));
            Trainer trainer = _decay > 0 ? run.Trainer(("model", model), ("adam", adam), ("average", average))
                : run.Trainer(("model", model), ("adam", adam));
            foreach (int _ in trainer.Epochs())
            {
                foreach (Batch batch in trainer.Steps(batches))
                {
                    using Tape tape = new(run.Device);
                    Tensor loss = model.Forward(Tensor.From(batch.Images, [batch.Count, 784])).Square().Mean();
                    adam.LearningRate = rate(trainer.Step);
                    adam.Step(tape.Gradients(loss, model.Parameters));
                    average.Update();
                    trainer.Report(("loss", loss));
                }
            }

            using IDisposable averaged = average.Use();
            run.SaveWeights(model);
            measure(model.Weight.ToArray());
        }));
    }
}
