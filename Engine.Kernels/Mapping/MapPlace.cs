namespace Engine.Kernels.Mapping;

/// <summary>An element of each of four arguments.</summary>
internal readonly struct MapPlace(int x, int y, int z, int w)
{
    internal readonly int X = x, Y = y, Z = z, W = w;
}
