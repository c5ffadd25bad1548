namespace Engine.Bench.Steps;

/// <summary>A few batches of random images that are used in turn.</summary>
internal sealed class BatchPool
{
    private readonly float[][] _batches;
    private int _next;

    /// <summary>Draws the batches, uniform in [low, 1), or of zeros and ones.</summary>
    internal BatchPool(int elements, double low, bool isBinary = false)
    {
        Random random = new(1);
        _batches = [.. Enumerable.Range(0, 8).Select(_ => new float[elements])];
        foreach (float[] batch in _batches)
            for (int i = 0; i < elements; i++) batch[i] = (float)(isBinary ? random.Next(2) : low + (1 - low) * random.NextDouble());
    }

    internal float[] Next() => _batches[_next++ % _batches.Length];
}
