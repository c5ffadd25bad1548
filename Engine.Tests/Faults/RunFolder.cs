namespace Engine.Tests.Faults;

/// <summary>The folder of a run that something has ended before its time, beside that of one that nothing has.</summary>
internal static class RunFolder
{
    /// <summary>Each file is whole, each picture that of the run that nothing has ended, and nothing temporary is left.</summary>
    /// <param name="folder">The folder of the run that was ended.</param>
    /// <param name="whole">The folder of the other.</param>
    public static void CheckWhole(string folder, string whole)
    {
        foreach (string path in Directory.GetFiles(folder).Where(path => Path.GetFileName(path) != ".engine.lock"))
        {
            string name = Path.GetFileName(path);
            Assert.False(name.StartsWith('.'), $"{name} was left.");
            switch (Path.GetExtension(name))
            {
                case ".safetensors":
                    using (SafetensorsFile file = SafetensorsFile.Open(path))
                        foreach (SafetensorsEntry entry in file.Entries) file.Read<double>(entry.Name);
                    break;
                case ".html":
                    Assert.EndsWith("</html>\n", File.ReadAllText(path));
                    break;
                case ".png" or ".svg" when name != "losses.svg":
                    Assert.True(File.ReadAllBytes(path).SequenceEqual(File.ReadAllBytes(Path.Combine(whole, name))), $"{name} is another.");
                    break;
            }
        }
    }

    /// <summary>The pictures: their names and contents.</summary>
    public static string[] Pictures(string folder) => [.. Directory.GetFiles(folder)
        .Where(path => Path.GetExtension(path) is ".png" or ".svg").Order()
        .Select(path => $"{Path.GetFileName(path)} {Convert.ToHexString(File.ReadAllBytes(path))}")];
}
