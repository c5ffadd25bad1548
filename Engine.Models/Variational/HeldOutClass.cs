using Engine.Models.Data;

namespace Engine.Models.Variational;

/// <summary>Parts a data set for anomaly detection: the images of one class, and those of all others.</summary>
public static class HeldOutClass
{
    /// <summary>Parts a data set.</summary>
    /// <param name="data">Labelled images.</param>
    /// <param name="label">The class that is held out.</param>
    /// <exception cref="DataException">The images carry no labels, or there is no such class, or no other.</exception>
    public static (ImageDataset Others, ImageDataset Held) Split(ImageDataset data, int label)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.IsLabelled) throw new DataException($"{data.Name}: expected labels, to hold out class {label}, found none.");
        return (Where(data, other => other != label, $"{data.Name} without {label}"),
            Where(data, other => other == label, $"{data.Name}, only {label}"));
    }

    private static ImageDataset Where(ImageDataset data, Func<int, bool> takes, string name)
    {
        int[] indices = [.. Enumerable.Range(0, data.Count).Where(i => takes(data.Label(i)))];
        if (indices.Length == 0) throw new DataException($"{name}: expected at least one image, found none.");
        byte[] pixels = new byte[indices.Length * data.ImageLength];
        for (int i = 0; i < indices.Length; i++) data.Image(indices[i]).CopyTo(pixels.AsSpan(i * data.ImageLength));
        return new ImageDataset(name, data.Height, data.Width, data.Channels, pixels, [.. indices.Select(data.Label)], data.Classes);
    }
}
