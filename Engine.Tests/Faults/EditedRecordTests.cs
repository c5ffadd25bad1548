using System.Text.Json;
using System.Text.Json.Nodes;

namespace Engine.Tests.Faults;

/// <summary>
/// Checkpoints with a training record that somebody has edited: refused with the entry's name before anything is set, or trained on from.
/// </summary>
[Collection("console")]
public sealed class EditedRecordTests : IsolatedTests
{
    private const int Steps = 3;

    /// <summary>What a training that was stopped begins its message with: a learning rate of 1e300 is one.</summary>
    private const string Stopped = "Stopped: ";

    private static readonly string[] s_values =
    [
        "null", "-1", "0", "1", "2.5", "1e300", "-1e300", "\"NaN\"", "\"-Infinity\"", "\"\"", "\"x\"", "\"-1\"", "\"1e300\"", "[]",
        "{}", "true", "2147483647", "2147483648", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "[null]",
        "{\"x\":null}", "\"../../x.png\"", "\"0000000000000001:6\"", "\"0000000000000001:9223372036854775804\"",
    ];

    private readonly string _record;
    private readonly byte[] _data;
    private readonly string _header;

    public EditedRecordTests()
    {
        Quietly(() => Train(new Subject(Cpu), resume: false, stopAfter: 5));
        using SafetensorsFile file = SafetensorsFile.Open(Path);
        _record = file.Metadata["training"];
        byte[] bytes = File.ReadAllBytes(Path);
        int header = (int)BitConverter.ToInt64(bytes);
        _data = bytes[(8 + header)..];
        JsonObject entries = JsonNode.Parse(bytes.AsSpan(8, header))!.AsObject();
        entries.Remove("__metadata__");
        _header = entries.ToJsonString()[1..];
    }

    private string Path => Folder["checkpoint.safetensors"];

    [Theory]
    [InlineData("Epoch", "0", "Epoch: expected a number from 1 to 2147483646, found 0.")]
    [InlineData("NextStep", "-1", "NextStep: expected a number from 0 to 5, the steps, found -1.")]
    [InlineData("NextStep", "6", "NextStep: expected a number from 0 to 5, the steps, found 6.")]
    [InlineData("NextStep", "5", "NextStep: expected at most 3, the steps of an epoch, found 5.")]
    [InlineData("Steps", "-1", "Steps: expected a number from 0 to 1152921504606846976, found -1.")]
    [InlineData("Steps", "9223372036854775807", "Steps: expected a number from 0 to 1152921504606846976, found 9223372036854775807.")]
    [InlineData("Settings", "{\"--batch\":null}", "Settings['--batch']: expected a text, found null.")]
    [InlineData("Numbers.subject\\.adam\\.learning_rate", "\"NaN\"",
        "number 'subject.adam.learning_rate': expected a number, finite and at least 0, found 'NaN'.")]
    [InlineData("Numbers.subject\\.adam\\.steps", "\"-1\"",
        "number 'subject.adam.steps': expected a whole number from 0 to 1152921504606846976, found '-1'.")]
    [InlineData("Numbers.subject\\.adam\\.steps", "null", "Numbers['subject.adam.steps']: expected a text, found null.")]
    [InlineData("RandomStreams.training\\.random", "null", "RandomStreams['training.random']: expected a text, found null.")]
    [InlineData("RandomStreams.training\\.random", "\"1:2:3\"", "random stream 'training.random': expected key:position, found '1:2:3'.")]
    [InlineData("Progress.Seconds", "\"NaN\"", "Seconds: expected a number from 0 to 10000000000, found NaN.")]
    [InlineData("Progress.Seconds", "1e300", "Seconds: expected a number from 0 to 10000000000, found 1E+300.")]
    [InlineData("Progress.LineSeconds", "-1e9", "LineSeconds: expected no more than all seconds, found -1000000000.")]
    [InlineData("Progress.Samples", "1000000", "Samples: expected a number from 0 to 40, all samples, found 1000000.")]
    [InlineData("Progress.AllSamples", "-1", "AllSamples: expected a number from 0 to 1152921504606846976, found -1.")]
    [InlineData("Progress.History", "[null]", "History[0]: expected a line, found null.")]
    [InlineData("Progress.History.0.Epoch", "3", "History[0].Epoch: expected a number from 1 to 2, found 3.")]
    [InlineData("Progress.History.0.Losses.loss", "\"NaN\"", "History[0].Losses['loss']: expected a finite number, found NaN.")]
    [InlineData("Progress.Sums", "[{\"Name\":\"a\",\"Sum\":1,\"Count\":1},{\"Name\":\"a\",\"Sum\":1,\"Count\":1}]",
        "Sums[1].Name: expected each name once, found 'a'.")]
    [InlineData("Progress.Metrics", "[{\"Name\":\"a\",\"Sum\":1,\"Count\":0}]",
        "Metrics[0].Count: expected a number of at least 1, found 0.")]
    [InlineData("Progress.Curves", "[null]", "Curves[0]: expected a curve, found null.")]
    [InlineData("Progress.Curves.0.Means", "[1]", "Curves[0].Means: expected 5 numbers, as many as steps, found 1.")]
    [InlineData("Progress.Curves.0.Means.0", "\"NaN\"", "Curves[0].Means: expected finite numbers, found NaN.")]
    [InlineData("Progress.Curves.0.Every", "0", "Curves[0].Every: expected a number from 1 to 1152921504606846976, found 0.")]
    [InlineData("Progress.Curves.0.Count", "1", "Curves[0].Count: expected a number from 0 to 0, found 1.")]
    [InlineData("Progress.Curves.0.Sum", "\"Infinity\"", "Curves[0].Sum: expected a finite number, found Infinity.")]
    [InlineData("Progress.Warnings", "{\"kind\":null}", "Warnings['kind']: expected a text, found null.")]
    [InlineData("Captions", "{\"a\":null}", "Captions['a']: expected a text, found null.")]
    [InlineData("Pictures", "[null]", "Pictures[0]: expected the name of a picture in the folder itself, found null.")]
    [InlineData("Pictures", "[\"../../x.png\"]", "Pictures[0]: expected the name of a picture in the folder itself, found '../../x.png'.")]
    [InlineData("Pictures", "[\"/etc/x.png\"]", "Pictures[0]: expected the name of a picture in the folder itself, found '/etc/x.png'.")]
    [InlineData("Pictures", "[\"..\\\\x.png\"]", "Pictures[0]: expected the name of a picture in the folder itself, found '..\\x.png'.")]
    [InlineData("Pictures", "[\"report.html\"]", "Pictures[0]: expected the name of a picture in the folder itself, found 'report.html'.")]
    public void An_entry_out_of_range_is_refused_by_name(string entry, string value, string message)
    {
        string refused = Resumed(Edited(entry, value))!;
        Assert.StartsWith($"{Path}: ", refused);
        Assert.EndsWith(message, refused);
    }

    [Theory]
    [InlineData("Progress.Sums", "[{\"Sum\":1,\"Count\":1}]", "Name")]
    [InlineData("Progress.Sums", "[{\"Name\":null,\"Sum\":1,\"Count\":1}]", "Name")]
    [InlineData("Progress.History.0.Losses", null, "Losses")]
    [InlineData("Progress.History.0.Losses", "null", "Losses")]
    [InlineData("Progress.History.0.Metrics", null, "Metrics")]
    [InlineData("Progress.History.0.Epoch", "null", "Epoch")]
    [InlineData("Progress.Seconds", null, "Seconds")]
    [InlineData("Pictures", "null", "Pictures")]
    [InlineData("Numbers", "[]", "Numbers")]
    public void An_entry_that_is_missing_or_of_another_kind_is_refused_by_name(string entry, string? value, string name) =>
        Assert.Contains(name, Resumed(Edited(entry, value)));

    [Fact]
    public void A_name_that_is_there_twice_is_refused() =>
        Assert.Contains("Epoch", Resumed(_record.Replace("\"Epoch\":2", "\"Epoch\":2,\"Epoch\":1", StringComparison.Ordinal)));

    [Fact]
    public void Any_entry_may_be_edited()
    {
        string[] entries = [.. Entries(JsonNode.Parse(_record)!, "")];
        Assert.True(entries.Length > 30);
        (string Entry, string? Value)[] edits = [.. entries.SelectMany(entry => s_values.Append(null).Select(value => (entry, value)))];
        Random random = new(1);
        random.Shuffle(edits);
        int count = FaultCounts.Of(200, Math.Max(2000, edits.Length)), refused = 0, stopped = 0;
        for (int i = 0; i < count; i++)
        {
            // All entries with all values, then two at once.
            string record = Edited(edits[i % edits.Length].Entry, edits[i % edits.Length].Value);
            if (i >= edits.Length) record = TryEdited(record, edits[random.Next(edits.Length)]);
            if (Resumed(record) is not { } message) continue;
            if (message.StartsWith(Stopped, StringComparison.Ordinal))
            {
                stopped++;
                continue;
            }

            refused++;
            Assert.Contains(Path, message);
        }

        FaultCounts.Report(
            $"{count} records with edited entries: {refused} refused by name with nothing set, {stopped} stopped at weights that became "
            + $"infinite, {count - refused - stopped} trained to their end");
    }

    /// <summary>Resumes from a record: null where training went to its end, else with what it was refused or stopped.</summary>
    private string? Resumed(string record)
    {
        string metadata = new JsonObject { ["training"] = record }.ToJsonString();
        File.WriteAllBytes(Path, Checkpoints.SafetensorsBytes.Of($"{{\"__metadata__\":{metadata},{_header}", _data));
        using Subject subject = new(Cpu);
        float[] before = subject.Weights;
        string? message = null;
        bool isMade = false;
        Quietly(() =>
        {
            try
            {
                Train(subject, resume: true, made: () => isMade = true);
            }
            catch (CheckpointException e)
            {
                message = e.Message;
            }
            catch (NonFiniteException e)
            {
                message = Stopped + e.Message;
            }
            catch (Exception e)
            {
                Assert.Fail($"{record}\n{e}");
            }
        });
        if (message is not null && !isMade) Assert.Equal((before, 0L), (subject.Weights, subject.Steps), s_same);
        return message;
    }

    private static readonly EqualityComparer<(float[] Weights, long Steps)> s_same =
        EqualityComparer<(float[] Weights, long Steps)>.Create((x, y) => x.Weights.SequenceEqual(y.Weights) && x.Steps == y.Steps);

    private void Train(Subject subject, bool resume, int stopAfter = 0, Action? made = null)
    {
        using CancellationTokenSource stop = new();
        Trainer trainer = new(subject, new TrainerOptions
        {
            Name = "test", Epochs = 3, Output = new OutputFolder(Folder.Path), Resume = resume, Random = new RandomStream(7),
            Stop = stop.Token,
            Settings = new Dictionary<string, string> { ["--batch"] = "8" },
        });
        made?.Invoke();
        foreach (int epoch in trainer.Epochs())
        {
            foreach (int _ in trainer.Steps(Steps, samples: 8))
            {
                trainer.Report(("loss", subject.Step()));
                trainer.Observe(("seen", 2.5));
                trainer.Warn("kind", "text");
                if (--stopAfter == 0) stop.Cancel();
            }

            trainer.Record("metric", epoch);
            trainer.Output.Save($"epoch-{epoch}.png", new Picture(1, 1, 1));
        }

        trainer.WriteReport();
    }

    private static void Quietly(Action action) => CapturedConsole.Of(() =>
    {
        action();
        return 0;
    });

    private string Edited(string entry, string? value) => Edit(_record, entry, value);

    private static string TryEdited(string record, (string Entry, string? Value) edit)
    {
        try
        {
            return Edit(record, edit.Entry, edit.Value);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The first edit has taken its place away.
            return record;
        }
    }

    /// <summary>Sets an entry, or takes it out; points inside of names are escaped.</summary>
    private static string Edit(string record, string entry, string? value)
    {
        JsonNode root = JsonNode.Parse(record)!;
        string[] names = [.. entry.Replace("\\.", "\0", StringComparison.Ordinal).Split('.').Select(name => name.Replace('\0', '.'))];
        JsonNode node = names[..^1].Aggregate(root, (at, name) => at is JsonArray array ? array[int.Parse(name)]! : at[name]!);
        JsonNode? with = value is null ? null : JsonNode.Parse(value);
        if (node is JsonArray list)
        {
            if (value is null) list.RemoveAt(int.Parse(names[^1]));
            else list[int.Parse(names[^1])] = with;
        }
        else if (value is null)
        {
            node.AsObject().Remove(names[^1]);
        }
        else
        {
            node[names[^1]] = with;
        }

        return root.ToJsonString();
    }

    private static IEnumerable<string> Entries(JsonNode? node, string prefix)
    {
        IEnumerable<(string Name, JsonNode? Value)> inside = node switch
        {
            JsonObject names => names.Select(pair => (pair.Key.Replace(".", "\\.", StringComparison.Ordinal), pair.Value)),
            JsonArray list => list.Select((value, i) => ($"{i}", value)),
            _ => [],
        };
        foreach ((string name, JsonNode? value) in inside)
        {
            string entry = prefix.Length == 0 ? name : $"{prefix}.{name}";
            yield return entry;
            foreach (string deeper in Entries(value, entry)) yield return deeper;
        }
    }

    /// <summary>All that has a state: weights, running statistics, an optimiser, an average, a stream, numbers of its own.</summary>
    private sealed class Subject : IStateful, IDisposable
    {
        private readonly Sequential _net;
        private readonly Adam _adam;
        private readonly ExponentialMovingAverage _average;
        private double _best = double.PositiveInfinity;

        public Subject(Device device)
        {
            ModuleOptions options = new(new RandomStream(3), device);
            _net = new(new Linear(3, 4, options), new BatchNorm(4, options), new Linear(4, 1, options));
            _adam = new Adam(_net.Parameters, 1e-3);
            _average = new ExponentialMovingAverage(_net);
        }

        public float[] Weights => [.. _net.Parameters.SelectMany(parameter => parameter.ToArray())];

        public long Steps => _adam.Steps;

        public double Step()
        {
            using Tape tape = new(_net.Parameters[0].Device);
            Tensor x = Tensor.From([.. Enumerable.Range(0, 24).Select(i => (float)Math.Sin(i))], [8, 3], _net.Parameters[0].Device);
            Tensor loss = _net.Forward(x).Square().Mean();
            _adam.Step(tape.Gradients(loss, _net.Parameters));
            _average.Update();
            _best = Math.Min(_best, loss.Item());
            return loss.Item();
        }

        public void VisitState(StateVisitor visitor)
        {
            visitor.Part("subject", new Parts(this));
            _best = visitor.Number("best", _best);
        }

        public void Dispose()
        {
            _average.Dispose();
            _adam.Dispose();
            _net.Dispose();
        }

        private sealed class Parts(Subject subject) : IStateful
        {
            public void VisitState(StateVisitor visitor)
            {
                visitor.Part("net", subject._net);
                visitor.Part("adam", subject._adam);
                visitor.Part("average", subject._average);
            }
        }
    }
}
