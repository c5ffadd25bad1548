using System.CommandLine;
using System.Globalization;
using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>
/// Finds out before a training how much memory its first step will take, and refuses it beyond what there is. The training itself is run up
/// to the end of a step on a device that only counts: parameters, state of the optimiser, averages, activations and gradients are what they
/// would be, and no memory is taken for them. The option that weighs most is the one whose default would save most.
/// </summary>
internal static class MemoryForecast
{
    /// <summary>How long the search for a value that fits may take.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Refuses a training that does not fit into the memory.</summary>
    /// <param name="run">The run, which has taken little memory so far.</param>
    /// <param name="train">The training.</param>
    /// <exception cref="DataException">It does not fit.</exception>
    internal static void Check(TrainingRun run, Action<TrainingRun> train)
    {
        IReadOnlyList<(Option Option, object Value, object? Default)> sizes = run.Sizes();
        if (sizes.Count == 0 || Needed(run, train, null, out string? refusal) is not { } needed) return;
        double available = run.Device.MemoryAvailable;
        if (needed <= available) return;

        // Where the option itself is not what is too large, the run says so better itself.
        var weighed = sizes.Select(size => (Size: size, Otherwise: Needed(run, train, (size.Option, size.Default), out _)))
            .Where(one => one.Otherwise < needed).OrderBy(one => one.Otherwise).ThenByDescending(one => Ratio(one.Size)).ToArray();
        if (weighed.Length == 0 && double.IsInfinity(needed)) return;
        string needs = refusal is null ? $"about {Size(needed)} of memory" : "more than an array can hold";
        string has = $"a step needs {needs}, and {run.Device.Name} has {Size(available)}";
        if (weighed.Length == 0) throw new DataException($"There is not enough memory: {has}.");
        (Option option, object value, object? usual) = weighed[0].Size;
        string expected = value is int number && Largest(run, train, option, number, usual as int? ?? 1, available) is { } most
            ? string.Create(CultureInfo.InvariantCulture, $"at most about {most}") : weighed[0].Otherwise <= available ? "smaller"
            : string.Create(CultureInfo.InvariantCulture, $"smaller, and others with it (with {usual ?? "the default"} a step would still "
                + $"need {Size(weighed[0].Otherwise!.Value)})");
        throw new DataException($"{option.Name} must be {expected}, was {value}: {has}.");
    }

    /// <summary>The option that is furthest from its default, or another where all have it.</summary>
    internal static Option Heaviest(TrainingRun run, Option other) => run.Sizes() is { Count: > 0 } sizes
        ? sizes.MaxBy(Ratio).Option : other;

    /// <summary>
    /// Bytes that the first step takes: infinitely many where an array or a tensor of it has more elements than there can be, null where
    /// the training cannot be run so far for another reason, which it then says itself.
    /// </summary>
    internal static double? Needed(
        TrainingRun run, Action<TrainingRun> train, (Option Option, object? Value)? changed, out string? refusal)
    {
        refusal = null;
        MeasuringDevice device = new(run.Device.Name);
        using TrainingRun forecast = new(run, device, changed);
        try
        {
            train(forecast);
        }
        catch (ForecastEndException)
        {
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or OutOfMemoryException)
        {
            refusal = e.Message;
            return double.PositiveInfinity;
        }
        catch (Exception e) when (e is not ForecastEndException)
        {
            return null;
        }

        return device.Peak;
    }

    /// <summary>A value that fits, found by halving; null where none was found.</summary>
    private static int? Largest(TrainingRun run, Action<TrainingRun> train, Option option, int value, int least, double available)
    {
        long start = TimeProvider.System.GetTimestamp();
        while ((value /= 2) > least && TimeProvider.System.GetElapsedTime(start) < s_patience)
            if (Needed(run, train, (option, value), out _) <= available) return value;
        return Needed(run, train, (option, least), out _) <= available ? least : null;
    }

    private static double Ratio((Option Option, object Value, object? Default) size) =>
        size is (_, int value, int usual) ? value / Math.Max(1.0, usual) : 1;

    private static string Size(double bytes) => bytes < 1e9
        ? FormattableString.Invariant($"{bytes / 1e6:0} MB") : FormattableString.Invariant($"{bytes / 1e9:0.0} GB");
}

/// <summary>Ends the training that a <see cref="MemoryForecast"/> runs: it is caught there.</summary>
internal sealed class ForecastEndException : Exception;
