using System.Globalization;
using System.Text.Json;
using Engine.Autograd.Checkpoints;

namespace Engine.Models.Training;

/// <summary>Checks a training record, which may come from anywhere, before anything is set from it.</summary>
internal static class TrainingRecordCheck
{
    /// <summary>Refuses a record with an entry that no training writes.</summary>
    /// <exception cref="JsonException">There is one; the message names it, what was expected and what was found.</exception>
    public static void Check(TrainingRecord record)
    {
        CheckTexts(nameof(record.Settings), record.Settings);
        CheckTexts(nameof(record.Numbers), record.Numbers);
        CheckTexts(nameof(record.RandomStreams), record.RandomStreams);
        Expect(record.Epoch is >= 1 and < int.MaxValue, nameof(record.Epoch), "a number from 1 to 2147483646", record.Epoch);
        CheckCount(nameof(record.Steps), record.Steps);
        Expect(record.NextStep >= 0 && record.NextStep <= record.Steps, nameof(record.NextStep),
            $"a number from 0 to {record.Steps}, the steps", record.NextStep);
        Check(record.Progress, record.Epoch);
        CheckTexts(nameof(record.Captions), record.Captions ?? []);
        for (int i = 0; i < record.Pictures.Count; i++)
        {
            string? name = record.Pictures[i];
            Expect(name is not null && OutputFolder.IsPlainName(name) && OutputFolder.IsPicture(name),
                $"{nameof(record.Pictures)}[{i}]", "the name of a picture in the folder itself", name);
        }
    }

    private static void Check(ProgressState progress, int epoch)
    {
        int last = 1;
        for (int i = 0; i < progress.History.Count; i++)
        {
            EpochMeans? line = progress.History[i];
            string entry = $"History[{i}]";
            Expect(line is not null, entry, "a line", null);
            Expect(line!.Epoch >= last && line.Epoch <= epoch, $"{entry}.Epoch", $"a number from {last} to {epoch}", line.Epoch);
            last = line.Epoch;

            // Generated code leaves a property null that is not there.
            Expect(line.Metrics is not null, $"{entry}.Metrics", "names and numbers", null);
            foreach ((string name, double mean) in line.Losses)
                Expect(double.IsFinite(mean), $"{entry}.Losses[{Wording.Name(name)}]", "a finite number", mean);
        }

        CheckSums(nameof(progress.Sums), progress.Sums, mustBeFinite: true);
        CheckSums(nameof(progress.Metrics), progress.Metrics, mustBeFinite: false);
        CheckCount(nameof(progress.AllSamples), progress.AllSamples);
        Expect(progress.Samples >= 0 && progress.Samples <= progress.AllSamples, nameof(progress.Samples),
            $"a number from 0 to {progress.AllSamples}, all samples", progress.Samples);
        Expect(progress.Seconds is >= 0 and <= ProgressState.MostSeconds, nameof(progress.Seconds),
            FormattableString.Invariant($"a number from 0 to {ProgressState.MostSeconds}"), progress.Seconds);

        foreach ((string name, long count) in progress.Reported ?? [])
            CheckCount($"{nameof(progress.Reported)}[{Wording.Name(name)}]", count);
        CheckTexts(nameof(progress.Warnings), progress.Warnings ?? []);
        for (int i = 0; i < (progress.Curves?.Count ?? 0); i++) Check($"{nameof(progress.Curves)}[{i}]", progress.Curves![i]);

        // From the last line to the last step: negative where the line was printed after it.
        Expect(Math.Abs(progress.LineSeconds) <= progress.Seconds + 1, nameof(progress.LineSeconds), "no more than all seconds",
            progress.LineSeconds);
    }

    private static void Check(string entry, StepCurveState? curve)
    {
        Expect(curve is not null, entry, "a curve", null);
        Expect(curve!.Name is not null, $"{entry}.{nameof(curve.Name)}", "a name", null);
        Expect(curve.Steps is { Count: < StepCurve.MostPoints }, $"{entry}.{nameof(curve.Steps)}",
            $"fewer than {StepCurve.MostPoints} steps", curve.Steps?.Count);
        Expect(curve.Means?.Count == curve.Steps!.Count, $"{entry}.{nameof(curve.Means)}",
            $"{curve.Steps.Count} numbers, as many as steps", curve.Means?.Count);
        foreach (double mean in curve.Means!) Expect(double.IsFinite(mean), $"{entry}.{nameof(curve.Means)}", "finite numbers", mean);
        Expect(curve.Every is >= 1 and <= StateVisitor.MostCount, $"{entry}.{nameof(curve.Every)}",
            $"a number from 1 to {StateVisitor.MostCount}", curve.Every);
        Expect(curve.Count >= 0 && curve.Count < curve.Every, $"{entry}.{nameof(curve.Count)}", $"a number from 0 to {curve.Every - 1}",
            curve.Count);
        Expect(double.IsFinite(curve.Sum), $"{entry}.{nameof(curve.Sum)}", "a finite number", curve.Sum);
    }

    private static void CheckSums(string entry, List<LossSum> sums, bool mustBeFinite)
    {
        HashSet<string> names = [];
        for (int i = 0; i < sums.Count; i++)
        {
            Expect(sums[i].Name is not null, $"{entry}[{i}].Name", "a name", null);
            Expect(names.Add(sums[i].Name), $"{entry}[{i}].Name", "each name once", sums[i].Name);
            Expect(!mustBeFinite || double.IsFinite(sums[i].Sum), $"{entry}[{i}].Sum", "a finite number", sums[i].Sum);
            Expect(sums[i].Count >= 1, $"{entry}[{i}].Count", "a number of at least 1", sums[i].Count);
        }
    }

    private static void CheckTexts(string entry, Dictionary<string, string> texts)
    {
        foreach ((string name, string? text) in texts) Expect(text is not null, $"{entry}[{Wording.Name(name)}]", "a text", text);
    }

    private static void CheckCount(string entry, long count) =>
        Expect(count is >= 0 and <= StateVisitor.MostCount, entry, $"a number from 0 to {StateVisitor.MostCount}", count);

    private static void Expect(bool holds, string entry, string expected, object? found)
    {
        if (holds) return;
        string text = found switch
        {
            null => "null",
            string name => Wording.Name(name),
            _ => Convert.ToString(found, CultureInfo.InvariantCulture)!,
        };
        throw new JsonException($"{entry}: expected {expected}, found {text}.");
    }
}
