using System.IO.Compression;
using Engine.Models.Imaging;
using Engine.Models.Training;
using Xunit;

namespace Engine.Tests;

// What the program writes to the console is looked at, so nothing else may write there meanwhile.
[Collection("console")]
public sealed class TrainingProgramTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("engine-program-");

    private string Out => Path.Combine(_folder.FullName, "out");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_run_trains_reports_and_says_what_was_written()
    {
        (int code, string output, string error) = Run("--epochs", "2", "--batch", "50", "--device", "cpu:1");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Epoch [2/2]  loss: 1.5000", output, StringComparison.Ordinal);
        Assert.Contains("epoch-1.png to epoch-2.png", output, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(Out).Length);
    }

    [Fact]
    public void Help_explains_every_option()
    {
        (int code, string output, _) = Run("--help");
        Assert.Equal(0, code);
        foreach (string option in (ReadOnlySpan<string>)["--data", "--epochs", "--batch", "--seed", "--device", "--out"]) Assert.Contains(option, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--batch must be at least 1, was 0.", "--batch", "0")]
    [InlineData("--epochs must be at least 1, was -1.", "--epochs", "-1")]
    [InlineData("--epochs must be a whole number of at least 1, was 'many'.", "--epochs", "many")]
    [InlineData("--seed must be a whole number of at least 0, was '-3'.", "--seed", "-3")]
    [InlineData("'--colour'", "--colour", "red")]
    [InlineData("There is no device 'tpu'", "--device", "tpu")]
    [InlineData("Device 'cuda:5' does not open", "--device", "cuda:5")]
    [InlineData("--batch must be at most 100, the number of images in digits (train); was 101.", "--batch", "101")]
    [InlineData("no-such-folder", "--data", "./no-such-folder")]
    public void Bad_options_give_a_sentence_and_exit_code_1(string sentence, params string[] args) => Refused(sentence, args);

    [Fact]
    public void An_empty_folder_is_named() => Refused(_folder.FullName, "--data", _folder.FullName);

    [Fact]
    public void A_truncated_gzip_is_named()
    {
        byte[] whole = Gzip(Images(20));
        Write("train-images-idx3-ubyte.gz", whole[..(whole.Length / 2)]);
        Write("train-labels-idx1-ubyte.gz", Gzip(Labels(20)));
        Refused("train-images-idx3-ubyte.gz", "--data", _folder.FullName);
    }

    [Fact]
    public void A_wrong_magic_is_named()
    {
        byte[] images = Images(20);
        images[3] = 9;
        Write("train-images-idx3-ubyte", images);
        Write("train-labels-idx1-ubyte", Labels(20));
        Refused("magic", "--data", _folder.FullName);
    }

    [Fact]
    public void Labels_that_disagree_with_images_are_named()
    {
        Write("train-images-idx3-ubyte", Images(20));
        Write("train-labels-idx1-ubyte", Labels(19));
        Refused("19", "--data", _folder.FullName);
    }

    [Fact]
    public void An_output_that_is_no_folder_is_named()
    {
        File.WriteAllText(Out, "a file");
        (int code, _, string error) = Run();
        Assert.Equal(1, code);
        Assert.Contains($"--out: the folder '{Out}' cannot be written", error, StringComparison.Ordinal);
        Assert.Equal("a file", File.ReadAllText(Out));
    }

    [Fact]
    public void A_program_may_have_options_of_its_own()
    {
        System.CommandLine.Option<int> width = new("--width") { DefaultValueFactory = _ => 3 };
        int seen = 0;
        Captured(() => TrainingProgram.Run(["--width", "9"], Info(), run => seen = run.Option(width), width));
        Assert.Equal(9, seen);
    }

    private void Refused(string sentence, params string[] args)
    {
        (int code, _, string error) = Run(args);
        Assert.Equal(1, code);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.StartsWith("test: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out), "nothing may be left behind");
    }

    private static ProgramInfo Info() => new("test", "A test.", Epochs: 1, Batch: 10) { Digits = 100 };

    private (int Code, string Output, string Error) Run(params string[] args) => Captured(() => TrainingProgram.Run(["--out", Out, .. args], Info(), run =>
    {
        var batches = run.Batches(run.LoadImages());
        foreach (int epoch in run.EpochNumbers())
        {
            foreach (var batch in batches.Epoch(epoch)) run.Progress.Report(batch.Index, batch.Total, batch.Count, ("loss", 1.5));
            run.Output.Save($"epoch-{epoch}.png", new Picture(2, 2, 1));
        }
    }));

    private static (int Code, string Output, string Error) Captured(Func<int> run)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using StringWriter newOutput = new(), newError = new();
        Console.SetOut(newOutput);
        Console.SetError(newError);
        try
        {
            int code = run();
            return (code, newOutput.ToString(), newError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    private void Write(string name, byte[] content) => File.WriteAllBytes(Path.Combine(_folder.FullName, name), content);

    private static byte[] Images(byte count) => [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 2, .. new byte[count * 4]];

    private static byte[] Labels(byte count) => [0, 0, 8, 1, 0, 0, 0, count, .. new byte[count]];

    private static byte[] Gzip(byte[] content)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Fastest)) gzip.Write(content);
        return stream.ToArray();
    }
}
