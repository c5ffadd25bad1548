namespace Engine.Tests.Checkpoints;

/// <summary>A file in a folder of its own, which goes with it.</summary>
internal sealed class TemporaryFile : IDisposable
{
    internal TemporaryFile(string name = "model.safetensors") =>
        Path = System.IO.Path.Combine(Directory.CreateTempSubdirectory("engine-").FullName, name);

    internal string Path { get; }

    internal string Folder => System.IO.Path.GetDirectoryName(Path)!;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
