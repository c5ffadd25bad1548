#:project ../../Engine.Models
#:property PublishAot=false

// Draws from what a lesson has trained: dotnet run docs/lessons/sample.cs -- out/gan [--count 64] [--class 3] [--interpolate] [--help].
// See sample.md.
using System.CommandLine;
using System.Globalization;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;

Argument<string> path = new("weights") { Description = "The weights.safetensors of a lesson, or the folder that it is in." };
Option<int> count = ProgramOption.Integer("--count", "Images, lines or vectors to draw; rows of an interpolation.", 64, 1, 1_000_000);
Option<int> frames = ProgramOption.Integer("--frames", "Images or lines from one end of an interpolation to the other.", 10, 2, 1000);
Option<bool> interpolate = new("--interpolate") { Description = "Draw what lies between two images, or two lines, in rows." };
Option<int?> label = new("--class") { Description = "The class to draw, for a model that knows classes; by default all in turn." };
Option<int?> columns = ProgramOption.OptionalInteger(
    "--columns", "Images in a row; by default as many as in a column, or one for each class.", 1, 1000);
Option<string?> prompt = new("--prompt") { Description = "What a text begins with." };
Option<int> length = ProgramOption.Integer("--length", "Characters of a text.", 500, 0, 1_000_000);
Option<double> temperature = ProgramOption.Decimal(
    "--temperature", "What logits of characters are divided by; 0 takes the likeliest.", 0.8, 0, 100);
Option<int> seed = ProgramOption.Integer("--seed", "The seed of everything random.", 1, 0);
Option<string> output = new("--out") { Description = "The folder for what is drawn.", DefaultValueFactory = _ => "out/sample" };
Option<string?> device = new("--device") { Description = "Where to compute: cpu, cpu:THREADS, simulator, cuda." };

return PlainProgram.Run(
    args, "sample", "Draws from what a lesson has trained: images, text, lines, points.", Sample,
    [path, count, frames, interpolate, label, columns, prompt, length, temperature, seed, output, device]);

void Sample(ParseResult options, CancellationToken stop)
{
    using Device computing = options.GetValue(device) is { } name ? Device.Open(name) : Device.OpenDefault();
    using TrainedModel model = ModelFile.Open(options.GetValue(path)!, computing);
    RandomStream random = new(options.GetValue(seed));
    OutputFolder folder = new(options.GetValue(output)!);
    Console.WriteLine($"Model: {model.Description.Family}. Device: {computing}.");
    if (options.GetValue(interpolate) && model is (TextModel or VectorModel)) throw new DataException(
        $"--interpolate: expected a model of images or lines, found a {model.Description.Family}.");
    if (options.GetValue(label) is not null && model is not ImageModel) throw new DataException(
        $"--class: expected a model of images, found a {model.Description.Family}.");
    switch (model)
    {
        case ImageModel images: Draw(images); break;
        case TextModel text: Write("sample.txt", text.Write(options.GetValue(prompt) ?? text.DefaultPrompt, options.GetValue(length),
            Sampling(), random, stop)); break;
        case LineModel lines: Write("lines.txt", string.Join('\n', options.GetValue(interpolate)
            ? lines.Interpolate(options.GetValue(frames), random, stop) : lines.Sample(options.GetValue(count), Sampling(), random, stop)));
            break;
        case VectorModel vectors: Write("samples.csv", Table(vectors.Sample(options.GetValue(count), random, stop), vectors.Dimensions));
            break;
    }

    void Draw(ImageModel images)
    {
        bool between = options.GetValue(interpolate);
        int rows = options.GetValue(count);
        if (between && options.GetResult(count) is { Implicit: true }) rows = images.Classes > 0 ? images.Classes : 8;
        if (options.GetValue(label) is { } asked && (asked < 0 || asked >= images.Classes)) throw new DataException(images.Classes == 0
            ? $"--class {asked}: expected a model that knows classes, found a {model.Description.Family} that knows none."
            : $"--class {asked}: expected a class from 0 to {images.Classes - 1}.");
        if (between && !images.HasLatents) throw new DataException(
            $"--interpolate: expected a model that draws from latents, found a {model.Description.Family}.");
        int[] labels = options.GetValue(label) is { } one ? [.. Enumerable.Repeat(one, rows)] : [];
        float[] pixels = between ? images.Interpolate(rows, options.GetValue(frames), random, labels, stop)
            : images.Sample(rows, random, labels, stop);
        int inRow = options.GetValue(columns)
            ?? (between ? options.GetValue(frames) : images.Classes > 0 && labels.Length == 0 ? images.Classes : 0);
        string file = between ? "interpolation.png" : "samples.png";
        folder.Save(file, new ImageGrid { Black = 0, Columns = inRow }.Draw(pixels, images.Size));
        Console.WriteLine($"{Path.Combine(folder.Path, file)}: {pixels.Length / images.Size.Length} images of {images.Size}.");
    }

    TokenSampling Sampling() => new() { Temperature = options.GetValue(temperature) };

    void Write(string file, string text)
    {
        Console.WriteLine(text.Length > 2000 ? text[..2000] + " ..." : text);
        folder.SaveText(file, text + "\n");
        Console.WriteLine($"Written to {Path.Combine(folder.Path, file)}.");
    }

    static string Table(float[] values, int dimensions) => string.Join('\n', values.Chunk(dimensions).Select(vector =>
        string.Join(',', vector.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))));
}
