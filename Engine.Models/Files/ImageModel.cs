using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;

namespace Engine.Models.Files;

/// <summary>A model of images.</summary>
public sealed class ImageModel : TrainedModel
{
    private const int AtOnce = 100;
    private readonly Drawing _draw;
    private readonly Decoding? _decode;

    /// <summary>A model that draws from latents.</summary>
    /// <param name="description">What the file says of it.</param>
    /// <param name="latents">Draws so many latents, one after another, each of as many values.</param>
    /// <param name="decode">Makes images of them.</param>
    /// <param name="classes">Classes that it can be asked for; 0 for none.</param>
    /// <param name="networks">What is released with it.</param>
    internal ImageModel(
        ModelDescription description, Func<int, RandomStream, CancellationToken, float[]> latents, Decoding decode, int classes,
        params IReadOnlyList<IDisposable> networks) : this(
            description, (count, labels, random, stop) => decode(latents(count, random, stop), count, labels, stop), classes, networks) =>
        (Latents, _decode) = (latents, decode);

    /// <summary>A model that draws images alone.</summary>
    /// <param name="description">What the file says of it.</param>
    /// <param name="draw">Draws images.</param>
    /// <param name="classes">Classes that it can be asked for; 0 for none.</param>
    /// <param name="networks">What is released with it.</param>
    internal ImageModel(ModelDescription description, Drawing draw, int classes, params IReadOnlyList<IDisposable> networks)
        : base(description, networks) => (_draw, Size, Classes) = (draw, description.Size(), classes);

    /// <summary>Draws images in [0, 1], one after another, each of the class that its label says where there are classes.</summary>
    internal delegate float[] Drawing(int count, int[] labels, RandomStream random, CancellationToken cancellation);

    /// <summary>Makes images in [0, 1] of latents.</summary>
    internal delegate float[] Decoding(float[] latents, int count, int[] labels, CancellationToken cancellation);

    /// <summary>The size of an image.</summary>
    public ImageSize Size { get; }

    /// <summary>Classes that it can be asked for; 0 where it knows none.</summary>
    public int Classes { get; }

    /// <summary>Whether images come from latents, so that there is something between two of them.</summary>
    public bool HasLatents => _decode is not null;

    private Func<int, RandomStream, CancellationToken, float[]>? Latents { get; }

    /// <summary>Draws images.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="labels">The class of each; empty takes the classes in turn, or none where the model knows none.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>Pixels in [0, 1], 0 black and 1 white: [count, height, width, channels], in row-major order.</returns>
    /// <exception cref="ArgumentException">There is not a label for each image, one is no class, or the model knows no classes.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Sample(
        int count, RandomStream random, ReadOnlySpan<int> labels = default, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentNullException.ThrowIfNull(random);
        int[] asked = Asked(count, labels);
        float[] images = new float[checked(count * Size.Length)];
        for (int first = 0; first < count; first += AtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int some = Math.Min(AtOnce, count - first);
            _draw(some, asked.Length == 0 ? [] : asked[first..(first + some)], random, cancellation)
                .CopyTo(images, first * Size.Length);
        }

        return images;
    }

    /// <summary>
    /// From one image to another through the latents, some pairs: along the arc between the two (White 2016, arXiv:1609.04468, section
    /// 2.1), because a straight line between draws of many dimensions goes through where there are none.
    /// </summary>
    /// <param name="rows">Pairs; at least 1.</param>
    /// <param name="steps">Images of each, with the two ends; at least 2.</param>
    /// <param name="random">The source of the ends.</param>
    /// <param name="labels">The class of each row; empty takes the classes in turn, or none where the model knows none.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>Pixels in [0, 1]: [rows, steps, height, width, channels], in row-major order.</returns>
    /// <exception cref="InvalidOperationException">The model has no latents.</exception>
    /// <exception cref="ArgumentException">As for <see cref="Sample"/>.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Interpolate(
        int rows, int steps, RandomStream random, ReadOnlySpan<int> labels = default, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        ArgumentNullException.ThrowIfNull(random);
        if (_decode is null) throw new InvalidOperationException(
            $"A {Description.Family} draws pixel by pixel or code by code: expected a model with latents to go between two images, found "
            + "none.");
        int[] asked = Asked(rows, labels);
        List<float> images = new(rows * steps * Size.Length);
        for (int row = 0; row < rows; row++)
        {
            cancellation.ThrowIfCancellationRequested();
            float[] ends = Latents!(2, random, cancellation);
            int length = ends.Length / 2;
            float[] between = [.. Enumerable.Range(0, steps)
                .SelectMany(i => Between(ends.AsSpan(0, length), ends.AsSpan(length), i / (steps - 1.0)))];
            int[] its = asked.Length == 0 ? [] : [.. Enumerable.Repeat(asked[row], steps)];
            images.AddRange(_decode(between, steps, its, cancellation));
        }

        return [.. images];
    }

    // z = (sin((1 - t) w) a + sin(t w) b) / sin w, w the angle between a and b; for parallel ends (1 - t) a + t b
    private static float[] Between(ReadOnlySpan<float> a, ReadOnlySpan<float> b, double t)
    {
        (double ab, double aa, double bb) = (0, 0, 0);
        for (int i = 0; i < a.Length; i++)
            (ab, aa, bb) = (ab + ((double)a[i] * b[i]), aa + ((double)a[i] * a[i]), bb + ((double)b[i] * b[i]));
        double angle = Math.Acos(Math.Clamp(ab / Math.Sqrt(Math.Max(aa * bb, double.Epsilon)), -1, 1)), sine = Math.Sin(angle);
        (double ofA, double ofB) = sine < 1e-3 ? (1 - t, t) : (Math.Sin((1 - t) * angle) / sine, Math.Sin(t * angle) / sine);
        float[] between = new float[a.Length];
        for (int i = 0; i < a.Length; i++) between[i] = (float)((ofA * a[i]) + (ofB * b[i]));
        return between;
    }

    private int[] Asked(int count, ReadOnlySpan<int> labels)
    {
        if (labels.Length == 0) return Classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => i % Classes)];
        if (Classes == 0) throw new ArgumentException(
            $"This {Description.Family} knows no classes: expected no labels, found {labels.Length}.", nameof(labels));
        if (labels.Length != count) throw new ArgumentException(
            $"Expected a label for each of {count} images, found {labels.Length}.", nameof(labels));
        foreach (int label in labels)
            if (label < 0 || label >= Classes) throw new ArgumentException(
                $"Expected classes from 0 to {Classes - 1}, found {label}.", nameof(labels));
        return labels.ToArray();
    }
}
