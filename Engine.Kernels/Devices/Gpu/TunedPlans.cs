using System.Diagnostics;
using System.Globalization;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// Plans of GPU kernels that were found by trying. <c>ENGINE_TUNE=FILE</c> asks for it: where a shape comes for the first time, its
/// candidates are timed on the device, with the operands at hand and a result of their own, and the fastest goes into the file, a line of
/// text for each shape. A later process finds it there. Without the variable plans go by rules alone.
/// </summary>
/// <remarks>
/// Any plan computes the product; which one is fastest may differ from run to run, and with it the last bits of a result. A file that is
/// kept makes it the same again.
/// </remarks>
internal sealed class TunedPlans
{
    private const int Turns = 5;
    private const string Header =
        "# Plans of GPU kernels: device, kernel, shape, rung and parts of each sum. Delete a line to have it tried again.";
    private static readonly Lazy<TunedPlans?> s_ofEnvironment =
        new(() => Environment.GetEnvironmentVariable("ENGINE_TUNE") is { Length: > 0 } path ? new(path) : null);

    private readonly string _path;
    private readonly Dictionary<string, (int Rung, int Parts)> _plans = [];
    private readonly Lock _gate = new();

    /// <summary>Reads what a file holds, if there is one.</summary>
    /// <exception cref="DeviceException">A line of it cannot be read.</exception>
    internal TunedPlans(string path)
    {
        _path = Path.GetFullPath(path);
        if (!File.Exists(_path)) return;
        int number = 0;
        foreach (string line in File.ReadLines(_path))
        {
            number++;
            if (line.Length == 0 || line[0] == '#') continue;
            string[] fields = line.Split('\t');
            if (fields.Length != 5 || !Whole(fields[3], out int rung) || !Whole(fields[4], out int parts) || rung < 1 || parts < 1)
                throw new DeviceException(
                    $"ENGINE_TUNE: line {number} of {_path} must be device, kernel, shape, rung and parts, with tabs between them; found "
                    + $"'{line}'.");
            _plans[Key(fields[0], fields[1], fields[2])] = (rung, parts);
        }
    }

    /// <summary>Those that ENGINE_TUNE names; null where it names none.</summary>
    internal static TunedPlans? OfEnvironment => s_ofEnvironment.Value;

    /// <summary>The plan of a shape: as the file says, or the fastest of the candidates.</summary>
    /// <param name="device">The device.</param>
    /// <param name="kernel">The kernel's name.</param>
    /// <param name="shape">All that the speed depends on.</param>
    /// <param name="candidates">Rungs and parts.</param>
    /// <param name="run">Runs a candidate.</param>
    internal (int Rung, int Parts) Find(
        Device device, string kernel, string shape, IReadOnlyList<(int Rung, int Parts)> candidates, Action<(int Rung, int Parts)> run)
    {
        string name = device.Description.Replace('\t', ' '), key = Key(name, kernel, shape);
        lock (_gate)
        {
            if (_plans.TryGetValue(key, out (int Rung, int Parts) plan) && candidates.Contains(plan)) return plan;
            plan = candidates.Count == 1 ? candidates[0] : Fastest(device, candidates, run);
            _plans[key] = plan;
            Append(string.Create(CultureInfo.InvariantCulture, $"{name}\t{kernel}\t{shape}\t{plan.Rung}\t{plan.Parts}"));
            return plan;
        }
    }

    private static (int Rung, int Parts) Fastest(
        Device device, IReadOnlyList<(int Rung, int Parts)> candidates, Action<(int Rung, int Parts)> run)
    {
        (int Rung, int Parts) best = candidates[0];
        double least = double.PositiveInfinity;
        foreach ((int Rung, int Parts) candidate in candidates)
        {
            // The first run compiles the kernel and is not counted.
            run(candidate);
            for (int turn = 0; turn < Turns; turn++)
            {
                device.Synchronize();
                long start = Stopwatch.GetTimestamp();
                run(candidate);
                device.Synchronize();
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (seconds >= least) continue;
                (best, least) = (candidate, seconds);
            }
        }

        return best;
    }

    private void Append(string line)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            File.AppendAllText(_path, (File.Exists(_path) ? "" : Header + "\n") + line + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DeviceException($"ENGINE_TUNE: {_path} cannot be written: {e.Message}", e);
        }
    }

    private static string Key(string device, string kernel, string shape) => $"{device}\t{kernel}\t{shape}";

    private static bool Whole(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
