using System.Buffers;
using Engine.Kernels.Losses.Gpu;
using Engine.Kernels.Losses.Host;

namespace Engine.Kernels.Losses;

/// <summary>
/// The cross-entropy of softmax(z) for one class a row, from the logits z, in nats: loss = -log softmax(z)[label], or with label smoothing
/// e (Szegedy et al. 2016, arXiv:1512.00567) that of a target of 1 - e for the label and e / classes for every class. A row's
/// maximum and the logarithm of its sum of exponentials are all that the backward pass needs beside the logits: no
/// probability is written to memory. -infinity is a logit of weight 0.
/// </summary>
public static class CrossEntropy
{
    /// <summary>
    /// loss = log(sum over j of e^(z_j - m)) - (1 - e)(z_label - m) - (e / classes) sum over j of (z_j - m), with m = max z.
    /// </summary>
    /// <param name="logits">z, <paramref name="rows"/> x <paramref name="classes"/>.</param>
    /// <param name="labels">The class of each row, int32, from 0 to <paramref name="classes"/> - 1.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="smoothing">e, from 0 to 1.</param>
    /// <param name="losses">Receives the loss of each row.</param>
    /// <param name="statistics">Receives m and log(sum over j of e^(z_j - m)) of each row, for <see cref="Gradient"/>:
    /// <paramref name="rows"/> x 2.</param>
    /// <param name="ignored">The label, of a class or not, of rows that are not looked at: their loss is 0. Null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A label is none of the classes; nothing was written.</exception>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Run(
        Storage logits, Storage labels, int rows, int classes, double smoothing, Storage losses, Storage statistics, int? ignored = null)
    {
        Device device = Check("CrossEntropy.Run", logits, labels, rows, classes, statistics);
        Arguments.OneDevice("CrossEntropy.Run", logits, losses);
        Arguments.OneType("CrossEntropy.Run", logits, losses);
        Arguments.Length("CrossEntropy.Run", nameof(losses), losses, rows);
        CheckLabels(labels, classes, ignored);
        if (rows == 0) return;
        LaneDispatch.Run(
            device, logits.DType, new HostCrossEntropy.Loss(logits, labels, rows, classes, smoothing, losses, statistics, OrNone(ignored)),
            new GpuCrossEntropy.Loss(logits, labels, rows, classes, smoothing, losses, statistics, OrNone(ignored)));
    }

    /// <summary>dz_j = g (softmax(z)_j - (1 - e) [j = label] - e / classes), in one pass.</summary>
    /// <param name="g">The gradient of each row's loss, or one for all of them.</param>
    /// <param name="logits">z, <paramref name="rows"/> x <paramref name="classes"/>.</param>
    /// <param name="labels">The class of each row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="smoothing">e, from 0 to 1.</param>
    /// <param name="statistics">What <see cref="Run"/> found of each row.</param>
    /// <param name="result">Receives dz; may be the logits.</param>
    /// <param name="ignored">The label of rows whose dz is 0; null for none.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is none of the classes; a GPU, which writes only to the classes' places, does
    /// not look.</exception>
    public static void Gradient(
        Storage g, Storage logits, Storage labels, int rows, int classes, double smoothing, Storage statistics, Storage result,
        int? ignored = null)
    {
        const string Operation = "CrossEntropy.Gradient";
        Device device = Check(Operation, logits, labels, rows, classes, statistics);
        Arguments.OneDevice(Operation, logits, g, result);
        Arguments.OneType(Operation, logits, g, result);
        if (g.Length != 1) Arguments.Length(Operation, nameof(g), g, rows);
        Arguments.Length(Operation, nameof(result), result, (long)rows * classes);
        if (result.Length == 0) return;
        if (device is CpuDevice cpu)
        {
            // Labels may have been changed since the forward pass, and each says where is written to.
            CheckLabels(labels, classes, ignored);
            LaneDispatch.OnHost(cpu, logits.DType,
                new HostCrossEntropy.Gradient(g, logits, labels, rows, classes, smoothing, statistics, result, OrNone(ignored)));
        }
        else if (!device.IsMeasuring)
        {
            LaneDispatch.OnGpu((GpuDevice)device, logits.DType,
                new GpuCrossEntropy.Gradient(g, logits, labels, classes, smoothing, statistics, result, OrNone(ignored)));
        }
    }

    private static Device Check(string operation, Storage logits, Storage labels, int rows, int classes, Storage statistics)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Device device = Arguments.OneDevice(operation, logits, labels, statistics);
        if (labels.DType != DType.Int32) throw new ArgumentException($"{operation}: labels must be {DType.Int32}, found {labels.DType}.");
        Arguments.Floating(operation, nameof(logits), logits);
        Arguments.OneType(operation, logits, statistics);
        Arguments.Length(operation, nameof(logits), logits, (long)rows * classes);
        Arguments.Length(operation, nameof(labels), labels, rows);
        Arguments.Length(operation, nameof(statistics), statistics, 2L * rows);
        return device;
    }

    /// <summary>The ignored label for kernels: where there is none, a value that no label has.</summary>
    private static long OrNone(int? ignored) => ignored ?? long.MinValue;

    /// <summary>A GPU could not say which label is wrong, so that they are looked at here first.</summary>
    private static void CheckLabels(Storage labels, int classes, int? ignored)
    {
        if (labels.IsWithin(classes, ignored) || labels.Device.IsMeasuring) return;
        int[]? copy = labels.Device is CpuDevice ? null : ArrayPool<int>.Shared.Rent(labels.Length);
        if (copy is not null) labels.CopyTo(copy.AsSpan(0, labels.Length));
        ReadOnlySpan<int> span = copy is null ? labels.AsSpan<int>() : copy.AsSpan(0, labels.Length);
        for (int row = 0; row < span.Length; row++)
        {
            if ((uint)span[row] >= (uint)classes && span[row] != ignored)
                throw new ArgumentOutOfRangeException(
                    nameof(labels), $"CrossEntropy: expected labels from 0 to {classes - 1}"
                        + $"{(ignored is null ? "" : $", or {ignored} for a row that is ignored")}, found {span[row]} in row {row}.");
        }

        if (copy is not null) ArrayPool<int>.Shared.Return(copy);
    }
}
